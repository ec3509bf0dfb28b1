"""Dossiers (hồ sơ) on the portal, in iGate and in iOffice."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from lgsp.clock import wire_stamp
from lgsp.scenario.situation import Situation
from lgsp.scenario.steps.documents import files_of
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, Said, World

__all__ = ["STEPS", "returned"]

_FILES = "table: tệp | nội dung (file | content); without content a small PDF"


async def submit(at: Situation, procedure: str) -> str:
    """A citizen submits one online."""
    return await _submitted(at, {"procedure": procedure})


async def submit_about(at: Situation, procedure: str, abstract: str) -> str:
    """The same, with a subject: in it `[bổ sung]`, `[lệ phí]`, `[không trả lời]` tell the people of the stand-ins what to do."""
    return await _submitted(at, {"procedure": procedure, "abstract": abstract})


async def _submitted(at: Situation, form: Record) -> str:
    submitted = await at.world.act("portal", "submit-dossier", {**form, "documents": [*files_of(at)]})
    at.key = str(submitted["national_code"])
    return at.key


async def receive(at: Situation, procedure: str) -> str:
    """The one-stop counter takes one in."""
    received = await at.world.act(
        "igate", "receive-at-counter", {"procedure": procedure, "documents": [*files_of(at)]}
    )
    at.key = str(received["code"])
    return at.key


async def in_igate(at: Situation) -> str:
    """IGate has taken it in."""
    taken = await _until_taken(at)
    return f"iGate: {taken['code']}"


async def papers(at: Situation, count: int) -> Said:
    """So many files lie with it in iGate."""
    taken = await _until_taken(at)
    found = len(_rows(taken, "files"))
    if found != count:
        raise NotSoError(
            f"iGate holds {found} papers of {at.key}, not {count}",
            f"iGate có {found} giấy tờ của {at.key}, không phải {count}",
        )
    return Said(f"{found} papers", f"{found} giấy tờ")


async def in_state(at: Situation, state: int, system: str) -> str:
    """TrangThaiHoSo, as iGate or the portal shows it."""
    code = at.about("dossier")
    if system not in {"igate", "portal"}:
        raise NotSoError(
            f"{system} shows no states of dossiers; iGate and the portal do",
            f"{system} không có trạng thái hồ sơ; iGate và cổng thì có",
        )
    try:
        what = Said(f"{system} shows {state} for {code}", f"{system} cho thấy trạng thái {state} của {code}")
        await at.world.until(what, partial(_in_state, at.world, system, str(state), code))
    except NotSoError as exc:
        there = await (
            _taken(at.world, code) if system == "igate" else at.world.record("portal", "dossiers", code)
        )
        shown = (there or {}).get("status" if system == "igate" else "TrangThaiHoSo")
        raise NotSoError(
            f"{exc}; it shows {shown or 'no such dossier'}",
            f"{exc.said.of('vi')}; hiện là {shown or 'không có hồ sơ này'}",
        ) from exc
    return f"{system}: {state}"


async def gone_through(at: Situation, states: Sequence[str]) -> Said:
    """The portal's progress has them all."""
    row = await at.world.record("portal", "dossiers", at.about("dossier"))
    seen = [str(step.get("TrangThai")) for step in _rows(row or {}, "tien_do")]
    if not set(states) <= set(seen):
        raise NotSoError(
            f"the portal shows the states {', '.join(seen) or 'none'}, not all of {', '.join(states)}",
            f"cổng cho thấy các trạng thái {', '.join(seen) or '(chưa có)'}, chưa đủ {', '.join(states)}",
        )
    return Said(f"{len(seen)} steps", f"{len(seen)} bước")


async def is_returned(at: Situation) -> Said:
    """10, with the result."""
    code = at.about("dossier")
    what = Said(
        f"the portal shows 10 with a result for {code}", f"cổng cho thấy trạng thái 10 và kết quả của {code}"
    )
    row = await at.world.until(what, partial(returned, at.world, code))
    steps, results = len(_rows(row, "tien_do")), len(_rows(row, "ket_qua"))
    return Said(f"portal: 10, {steps} steps, {results} result", f"cổng: 10, {steps} bước, {results} kết quả")


async def not_there(at: Situation, system: str) -> Said:
    """It has not arrived there, and its sender has gone on with it."""
    code = at.about("dossier")

    async def waits() -> Record | None:
        taken = await at.world.find(
            "igate", "dossiers", lambda row: row.get("code") == code and str(row.get("status")) == "10"
        )
        return (
            taken if taken is not None and await at.world.record(system, "dossiers", code) is None else None
        )

    what = Said(
        f"{code} is finished in iGate and waits for {system}", f"{code} đã xong tại iGate và chờ {system}"
    )
    await at.world.until(what, waits)
    return Said(f"waits for {system}", f"đang chờ {system}")


async def pauses(at: Situation, count: int) -> Said:
    """Each time that something was asked for has ended, and both sides have the same day of return."""
    row, taken = (
        await at.world.record("portal", "dossiers", at.about("dossier")),
        await _taken(at.world, at.key),
    )
    if row is None or taken is None:
        raise NotSoError(f"{at.key} is not on both sides", f"{at.key} chưa có ở cả hai bên")
    requests = _rows(row, "DanhSachHoSoBoSung")
    if len(requests) != count or not all(
        one.get("TrangThaiBoSung") and one.get("NgayHenTraMoi") for one in requests
    ):
        raise NotSoError(
            f"the portal does not show {count} pauses as ended: {requests}",
            f"cổng chưa cho thấy {count} lần tạm dừng đã kết thúc: {requests}",
        )
    # As in iGate, to the second that the portal's wire can say; on a day off the pauses move it by nothing.
    due = wire_stamp(datetime.fromisoformat(str(taken["due_at"])))
    if not due == row.get("NgayHenTra") == requests[-1]["NgayHenTraMoi"]:
        theirs = row.get("NgayHenTra")
        raise NotSoError(
            f"it is due {due} in iGate and {theirs} on the portal",
            f"ngày hẹn trả là {due} ở iGate và {theirs} ở cổng",
        )
    return Said(f"{count} pauses ended, due {due}", f"{count} lần tạm dừng đã kết thúc, hẹn trả {due}")


async def withdraw(at: Situation, reason: str) -> str:
    """The citizen takes it back."""
    await at.world.act("portal", "withdraw", {"national_code": at.about("dossier"), "content": reason})
    return at.key


async def supplement(at: Situation) -> str:
    """The citizen hands in what is asked for."""
    await at.world.act(
        "portal", "supplement", {"national_code": at.about("dossier"), "documents": [*files_of(at)]}
    )
    return at.key


async def pay(at: Situation) -> str:
    """The citizen pays the fee that is asked for."""
    await at.world.act("portal", "pay", {"national_code": at.about("dossier")})
    return at.key


async def drafted(at: Situation) -> str:
    """A draft of its result waits for a signature in iOffice."""
    what = Said("the draft is in iOffice", "dự thảo có trong iOffice")
    draft = await at.world.until(what, partial(_draft, at.world, at.about("dossier")))
    return f"iOffice: {draft['MaVanBan']}"


async def signed(at: Situation) -> Said:
    """The result has its number: a leader has signed it."""
    code = at.about("dossier")

    async def numbered() -> Record | None:
        draft = await _draft(at.world, code)
        return draft if draft is not None and draft.get("number") else None

    what = Said(f"the result of {code} is signed in iOffice", f"kết quả của {code} được ký trong iOffice")
    draft = await at.world.until(what, numbered)
    return Said(f"iOffice: signed {draft['number']}", f"iOffice: đã ký {draft['number']}")


async def wrong_packet(at: Situation, procedure: str) -> str:
    """The portal pushes a packet with that procedure code to the province."""
    now = await at.world.now()
    code = f"G22.99.99-{now:%y%m%d}-9999"
    packet: Record = {
        "MaHoSo": code, "MaTTHC": procedure, "NgayNopHoSo": f"{now:%Y%m%d%H%M%S}", "TenThuongNhan": "Nguyễn Mô Phỏng",
        "TaiLieuNop": [],
    }  # fmt: skip
    url = f"{at.world.at('gateway')}/in/portal/web/guest/VXPAdapter/RestService/forward/nhanhsdvcqg"
    reply = (await at.world.http.post(url, json=packet)).json()
    at.reply = {"code": str(reply.get("error_code")), "why": str(reply.get("message"))}
    at.key = code
    return code


async def returned(world: World, code: str) -> Record | None:
    """The dossier on the portal, once it was returned with its result."""
    row = await world.record("portal", "dossiers", code)
    return row if row is not None and str(row.get("TrangThaiHoSo")) == "10" and row.get("ket_qua") else None


async def _until_taken(at: Situation) -> Record:
    code = at.about("dossier")
    return await at.world.until(
        Said(f"iGate holds {code}", f"iGate có {code}"), partial(_taken, at.world, code)
    )


async def _taken(world: World, key: str) -> Record | None:
    """By either of its codes."""
    row = await world.find(
        "igate", "dossiers", lambda row: key in {row.get("national_code"), row.get("code")}
    )
    return row if row is not None and row.get("code") else None


async def _in_state(world: World, system: str, state: str, code: str) -> Record | None:
    if system == "portal":
        row = await world.record("portal", "dossiers", code)
        return row if row is not None and str(row.get("TrangThaiHoSo")) == state else None
    taken = await _taken(world, code)
    return taken if taken is not None and str(taken.get("status")) == state else None


async def _draft(world: World, code: str) -> Record | None:
    return await world.find("ioffice", "drafts", lambda row: code in str(row))


def _rows(row: Record, name: str) -> list[Record]:
    value = row.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


STEPS = (
    Step(
        "a citizen submits a dossier of procedure {word} on the portal",
        "công dân nộp hồ sơ thủ tục {word} trên cổng", submit, _FILES,
    ),
    Step(
        "a citizen submits a dossier of procedure {word} on the portal about {string}",
        "công dân nộp hồ sơ thủ tục {word} trên cổng về việc {string}", submit_about, _FILES,
    ),
    Step(
        "the one-stop counter receives a dossier of procedure {word}",
        "bộ phận một cửa tiếp nhận hồ sơ thủ tục {word}", receive, _FILES,
    ),
    Step("iGate holds the dossier", "iGate có hồ sơ", in_igate),
    Step("iGate holds {int} paper(s) of the dossier", "iGate có {int} giấy tờ của hồ sơ", papers),
    Step("the dossier is in state {int} in {system}", "hồ sơ ở trạng thái {int} tại {system}", in_state),
    Step("the portal shows that the dossier went through {codes}", "cổng cho thấy hồ sơ đã qua các trạng thái {codes}", gone_through),
    Step("the portal shows the dossier returned with its result", "cổng cho thấy hồ sơ đã trả kết quả", is_returned),
    Step("the dossier is finished in iGate and waits for {system}", "hồ sơ đã xong tại iGate và chờ {system}", not_there),
    Step(
        "{int} pause(s) have ended, and iGate and the portal have the same due date",
        "{int} lần tạm dừng đã kết thúc, iGate và cổng có cùng ngày hẹn trả", pauses,
    ),
    Step("the citizen withdraws the dossier because of {string}", "công dân rút hồ sơ vì {string}", withdraw),
    Step("the citizen hands in the missing papers", "công dân nộp giấy tờ bổ sung", supplement, _FILES),
    Step("the citizen pays the fee", "công dân nộp lệ phí", pay),
    Step("iOffice has the draft of its result", "iOffice có dự thảo kết quả", drafted),
    Step("iOffice has signed its result", "iOffice đã ký kết quả", signed),
    Step("the portal pushes a dossier with the procedure code {string}", "cổng đẩy hồ sơ có mã thủ tục {string}", wrong_packet),
)  # fmt: skip
