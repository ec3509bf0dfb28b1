"""Flows of dossiers (hồ sơ trực tuyến, hồ sơ một cửa, ký kết quả)."""

from datetime import datetime
from functools import partial

from lgsp.clock import wire_stamp
from lgsp.demo.documents import PDF
from lgsp.demo.world import Arrived, Flow, FlowError, Record, World, attachment

__all__ = ["FLOWS", "PLAIN", "ended"]

PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"


async def online(world: World) -> Arrived:
    """A citizen on the portal -> iGate -> followed on the portal up to 10, with the result paper."""
    submitted = await world.act(
        "portal", "submit-dossier", {"procedure": PLAIN, "documents": [attachment("don.pdf", PDF)]}
    )
    national = str(submitted["national_code"])
    taken = await world.until(
        f"iGate took in {national}", partial(_in_igate, world, "national_code", national)
    )
    row = await world.until("the portal shows 10, with the result", partial(ended, world, national))
    return Arrived(national, f"iGate: {taken['code']}; portal: {_summary(row)}", national)


async def counter(world: World) -> Arrived:
    """At the one-stop counter -> visible and followed on the portal."""
    received = await world.act(
        "igate", "receive-at-counter", {"procedure": PLAIN, "documents": [attachment("don.pdf", PDF)]}
    )
    code = str(received["code"])
    row = await world.until(f"the portal shows 10 for {code}", partial(ended, world, code))
    return Arrived(code, f"portal: {_summary(row)}", code)


async def signed_result(world: World) -> Arrived:
    """A dossier that needs a signed decision: iGate -> iOffice -> iGate -> portal."""
    received = await world.act(
        "igate", "receive-at-counter", {"procedure": SIGNED, "documents": [attachment("don.pdf", PDF)]}
    )
    code = str(received["code"])
    draft = await world.until(
        "the draft is in iOffice", partial(world.find, "ioffice", "drafts", partial(_mentions, code))
    )
    row = await world.until(
        "the signed document resolved the dossier on the portal", partial(ended, world, code)
    )
    signed = await world.record("ioffice", "drafts", str(draft["MaVanBan"])) or draft
    return Arrived(code, f"iOffice: signed {signed['number']}; portal: {_summary(row)}", code)


async def supplement(world: World) -> Arrived:
    """An online dossier that is asked for a paper, then for the fee: the citizen answers both, and the pauses move the due date."""
    submitted = await world.act("portal", "submit-dossier", {
        "procedure": PLAIN, "abstract": "Cấp bản sao [bổ sung] [lệ phí]", "documents": [attachment("don.pdf", PDF)],
    })  # fmt: skip
    national = str(submitted["national_code"])
    row = await world.until("the portal shows 10, with the result", partial(ended, world, national))
    taken = await world.until("iGate has it", partial(_in_igate, world, "national_code", national))
    states = [str(step.get("TrangThai")) for step in _rows(row, "tien_do")]
    if not {"5", "6"} <= set(states):
        raise FlowError(f"the portal shows the states {states}, without 5 or 6")
    requests, papers = _rows(row, "DanhSachHoSoBoSung"), len(_rows(taken, "files"))
    if len(requests) != 2 or not all(
        one.get("TrangThaiBoSung") and one.get("NgayHenTraMoi") for one in requests
    ):
        raise FlowError(f"the portal does not show both pauses as ended: {requests}")
    # As in iGate, to the second that the portal's wire can say; on a day off the pauses move it by nothing.
    due = wire_stamp(datetime.fromisoformat(str(taken["due_at"])))
    if papers != 2 or not due == row.get("NgayHenTra") == requests[-1]["NgayHenTraMoi"]:
        raise FlowError(
            f"iGate holds {papers} papers of 2, due {due}; the portal has {row.get('NgayHenTra')}"
        )
    holds = f"iGate: {taken['code']}, {papers} papers; portal: {_summary(row)}, 2 pauses ended, due {due}"
    return Arrived(national, holds, national)


async def withdrawn(world: World) -> Arrived:
    """A citizen who is asked for a paper withdraws instead: 7 in iGate and on the portal."""
    submitted = await world.act("portal", "submit-dossier", {
        "procedure": PLAIN, "abstract": "Cấp bản sao [bổ sung] [không trả lời]", "documents": [attachment("don.pdf", PDF)],
    })  # fmt: skip
    national = str(submitted["national_code"])
    await world.until(
        "the portal shows that a paper is asked for", partial(_in_state, world, "portal", "5", national)
    )
    await world.act("portal", "withdraw", {"national_code": national, "content": "Không còn nhu cầu"})
    taken = await world.until("iGate shows 7", partial(_in_state, world, "igate", "7", national))
    row = await world.until("the portal shows 7", partial(_in_state, world, "portal", "7", national))
    return Arrived(
        national, f"iGate: {taken['code']} is {taken['status']}; portal: {row['TrangThaiHoSo']}", national
    )


async def _in_state(world: World, system: str, state: str, national: str) -> Record | None:
    if system == "portal":
        row = await world.record("portal", "dossiers", national)
        return row if row is not None and str(row.get("TrangThaiHoSo")) == state else None
    found = await world.find("igate", "dossiers", lambda row: row.get("national_code") == national)
    return found if found is not None and str(found.get("status")) == state else None


def _rows(row: Record, name: str) -> list[Record]:
    value = row.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


async def _in_igate(world: World, field: str, value: str) -> Record | None:
    row = await world.find("igate", "dossiers", lambda row: row.get(field) == value)
    return row if row is not None and row.get("code") else None


async def ended(world: World, code: str) -> Record | None:
    """The dossier on the portal, once it was returned with its result."""
    row = await world.record("portal", "dossiers", code)
    return row if row is not None and str(row.get("TrangThaiHoSo")) == "10" and row.get("ket_qua") else None


def _mentions(code: str, row: Record) -> bool:
    return code in str(row)


def _summary(row: Record) -> str:
    steps, results = row.get("tien_do"), row.get("ket_qua")
    return f"10, {len(steps) if isinstance(steps, list) else 0} steps, {len(results) if isinstance(results, list) else 0} result"


FLOWS = (
    Flow("online", "Online dossier", "Hồ sơ trực tuyến", online),
    Flow("counter", "One-stop dossier", "Hồ sơ một cửa", counter),
    Flow("supplement", "Supplement and fee", "Bổ sung hồ sơ, nộp lệ phí", supplement),
    Flow("withdrawn", "Withdrawn dossier", "Rút hồ sơ", withdrawn),
    Flow("signed-result", "Result signed in iOffice", "Ký kết quả (iGate - iOffice)", signed_result),
)
