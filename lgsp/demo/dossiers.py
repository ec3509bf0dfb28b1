"""Flows of dossiers (hồ sơ trực tuyến, hồ sơ một cửa, ký kết quả)."""

from functools import partial

from lgsp.demo.documents import PDF
from lgsp.demo.world import Arrived, Flow, Record, World, attachment

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
    Flow("signed-result", "Result signed in iOffice", "Ký kết quả (iGate - iOffice)", signed_result),
)
