"""What a connector sends to iOffice to be signed (GuiHoSo), where it can be given work (`--send`)."""

import base64
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import JsonValue

from lgsp.clock import VIETNAM, SystemClock
from lgsp.conformance.clients.connector import Request, Row, Work
from lgsp.conformance.clients.ioffice import IOFFICE_CLIENT, LINK, NOT_APPROVED, SEND, IOfficeConnector
from lgsp.conformance.clients.lasting import LINE, MOST_TRIES, PAPER, PAPER_NAME, paper, said
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.fresh import dossier_code

__all__: list[str] = []

NEEDS = "--send: work of the kind result.requested, as its schema says, the files as name and base64"
MATTER, KIND = "Về việc cấp Giấy phép môi trường tại Đắk Hà", "Quyết định"
SUBJECT = f"{MATTER} {NOT_APPROVED}"


@dataclass(frozen=True, slots=True)
class Given:
    """A draft that nobody has sent before."""

    code: str
    work: Work
    at: datetime
    due: datetime


def request(connector: IOfficeConnector, *, subject: str = SUBJECT, code: str = "", round_: int = 1) -> Given:
    """Late in the evening of UTC, when it is the next day in Vietnam."""
    unit = connector.options["unit"]
    number = code or dossier_code(unit)
    at = (SystemClock().now().astimezone(UTC) - timedelta(days=1)).replace(
        hour=20, minute=30, second=0, microsecond=0
    )
    due = at + timedelta(days=9)
    data: dict[str, JsonValue] = {
        "code": number, "igate_id": f"id-{number}", "applicant": {"name": "Nguyễn Thị Thử Nghiệm", "kind": "1"}, "unit_id": unit,
        "unit_name": "Sở Thử nghiệm", "procedure_name": "Thủ tục thử nghiệm", "abstract": subject, "document_type": KIND,
        "signer": "Nguyễn Mô Phỏng", "requested_at": at.isoformat(), "due_at": due.isoformat(), "drafts": [paper()], "round": round_,
        "note": "" if round_ == 1 else "Đã chỉnh sửa",
    }  # fmt: skip
    return Given(number, {"kind": "result.requested", "data": data}, at, due)


async def drafts(connector: IOfficeConnector, code: str) -> list[Row]:
    """What iOffice holds of a dossier."""
    return [row for row in (await connector.table("drafts")).values() if row["MaHoSo"] == code]


async def insisted(connector: IOfficeConnector, one: Given, count: int = 1) -> bool:
    """Whether iOffice holds so many drafts of it in the end."""

    async def is_there() -> bool:
        return len(await drafts(connector, one.code)) >= count

    return await connector.insist(one.work, is_there)


async def sent(connector: IOfficeConnector) -> tuple[Given, Row]:
    """A draft that iOffice has taken, and GuiHoSo as it was said."""
    await connector.begin()
    one = request(connector)
    demand(
        await insisted(connector, one),
        f"iOffice does not hold the draft: {_ended(await connector.calls(SEND))}",
    )
    return one, said((await connector.calls(SEND))[-1])


def document(body: Row) -> Row:
    """VanBanDuThao."""
    found = body.get("VanBanDuThao")
    demand(isinstance(found, dict), "VanBanDuThao is no object")
    return cast("Row", found)


def file(body: Row) -> Row:
    """The one file of DinhKem."""
    files = document(body).get("DinhKem")
    demand(isinstance(files, list) and len(files) == 1, "DinhKem is not the one file that was given")
    return cast("list[Row]", files)[0]


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-40",
    "GuiHoSo names dossier, unit, subject and kind of the draft",
    "GuiHoSo nêu hồ sơ, đơn vị, trích yếu, loại văn bản",
    source=LINK,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    one, body = await sent(connector)
    unit = body.get("DonVi")
    held = {"MaHoSo": body.get("MaHoSo"), "DonVi": unit.get("MaDinhDanh") if isinstance(unit, dict) else unit,
            "LoaiVanBan": document(body).get("LoaiVanBan")}  # fmt: skip
    wanted = {"MaHoSo": one.code, "DonVi": connector.options["unit"], "LoaiVanBan": KIND}
    wrong = [f"{name} {held[name]!r}" for name, value in wanted.items() if held[name] != value]
    demand(not wrong, f"not as in the work: {', '.join(wrong)}")
    demand(body.get("IDHoSo"), "no IDHoSo")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-41",
    "Days are dd/MM/yyyy, of the Vietnamese calendar day",
    "Ngày dạng dd/MM/yyyy theo giờ Việt Nam",
    source=LINK,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    one, body = await sent(connector)
    told = {"NgayTao": document(body).get("NgayTao"), "HanXuLyVanBan": body.get("HanXuLyVanBan")}
    for name, moment in (("NgayTao", one.at), ("HanXuLyVanBan", one.due)):
        expected = f"{moment.astimezone(VIETNAM):%d/%m/%Y}"
        demand(told[name] in {expected, None, ""}, f"{name} {told[name]!r}, expected {expected!r}")
    demand(told["NgayTao"], "no NgayTao")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-42",
    "A draft's file is plain Base64 of every byte",
    "Tệp dự thảo là Base64 thuần, đủ từng byte",
    source=f"{LINK}; RFC 4648 §4",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    _, body = await sent(connector)
    expected = base64.b64encode(PAPER).decode()
    demand(
        file(body).get("Base64") == expected,
        f"Base64 {str(file(body).get('Base64'))[:60]!r}, expected {expected[:60]!r}",
    )


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-43",
    "A file keeps its name, with Vietnamese letters",
    "Tệp giữ nguyên tên, có chữ Việt",
    source="RFC 8259 §8.1; TCVN 6909:2001",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    _, body = await sent(connector)
    name = unicodedata.normalize("NFC", str(file(body).get("Ten")))
    demand(name == PAPER_NAME, f"Ten {name!r}, expected {PAPER_NAME!r}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-44",
    "The subject arrives as it is, with Vietnamese letters as UTF-8, composed (NFC)",
    "Trích yếu giữ nguyên chữ Việt, UTF-8 dựng sẵn (NFC)",
    source="RFC 8259 §8.1; TCVN 6909:2001",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    one, _ = await sent(connector)
    [held] = await drafts(connector, one.code)
    demand(held["subject"] == SUBJECT, f"TrichYeu {held['subject']!r}, expected {SUBJECT!r}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-45",
    "After a lost answer the same draft is sent again, word by word, and is one draft",
    "Mất trả lời: gửi lại đúng dự thảo đó, vẫn là một dự thảo",
    source="AS4 TA09, TA10; assumed",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.fault("reset", SEND, when="after")
    one = request(connector)

    async def is_repeated() -> bool:
        return len(await connector.calls(SEND)) > 1

    demand(await connector.insist(one.work, is_repeated), "not sent again")
    first, again, *_ = [said(call) for call in await connector.calls(SEND)]
    demand(first == again, "sent again with other words")
    demand(len(await drafts(connector, one.code)) == 1, "iOffice does not hold exactly one draft of it")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-46", "What is answered with 503 is sent again", "Bị 503 thì gửi lại", source=LINE, needs=NEEDS
)
async def _(connector: IOfficeConnector) -> None:
    await _arrives_after(connector, status=503)


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-47",
    "HTTP 200 with error.code 500 is no success: it is sent again",
    "HTTP 200 kèm error.code 500 không phải thành công: gửi lại",
    source=f"{LINK}: {{data, error{{code}}}}",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    await _arrives_after(
        connector, json_body={"data": None, "error": {"code": "500", "userMessage": "Lỗi hệ thống"}}
    )


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-48",
    "A page in place of an answer is no success: it is sent again",
    "Trang HTML không phải thành công: gửi lại",
    source=LINE,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    await _arrives_after(connector, text="<html>Bảo trì hệ thống</html>")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-49",
    "What was refused (HTTP 400) is not sent again by itself",
    "Bị từ chối (HTTP 400) thì không tự gửi lại",
    source=LINK,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    refusal = {"data": None, "error": {"code": "400", "userMessage": "Sai dữ liệu"}}
    calls = await connector.always_answered(request(connector).work, SEND, status=400, json_body=refusal)
    demand(len(calls) == 1, f"sent {len(calls)} times")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-50",
    "Nor what was refused with HTTP 200 and error.code 409",
    "Bị từ chối bằng HTTP 200 kèm error.code 409 cũng vậy",
    source=f"{LINK}: {{data, error{{code}}}}",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    refusal = {"data": None, "error": {"code": "409", "userMessage": "Dự thảo đang chờ ký"}}
    calls = await connector.always_answered(request(connector).work, SEND, json_body=refusal)
    demand(len(calls) == 1, f"sent {len(calls)} times")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-51",
    "While iOffice is away it does not send without end, and does once it is back",
    "iOffice không trả lời: không gửi dồn dập; khi có lại thì gửi",
    source=LINE,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    one = request(connector)
    calls = await connector.always_answered(one.work, SEND, status=503)
    demand(len(calls) <= MOST_TRIES, f"{len(calls)} tries in one go")
    await connector.clear()
    demand(await insisted(connector, one), "iOffice does not hold it once it is back")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-52",
    "It does not come again sooner than Retry-After says",
    "Không gửi lại sớm hơn Retry-After",
    source="RFC 9110 §10.2.3",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.once(SEND, status=503, headers={"Retry-After": "1"})
    one = request(connector)
    await connector.offer(one.work)
    await connector.linger(1.1)
    demand(await insisted(connector, one), "iOffice does not hold it in the end")
    first, again, *_ = await connector.calls(SEND)
    demand(
        again.at - first.at >= timedelta(seconds=0.95),
        f"again after {(again.at - first.at).total_seconds():.2f} s",
    )


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-53",
    "A draft that was returned for changes is sent again as a draft of its own",
    "Dự thảo bị trả lại được trình lại thành dự thảo mới",
    source=f"{LINK}; another round is assumed",
    needs=NEEDS,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    one = request(connector, subject=f"{MATTER} [sửa]")
    demand(await insisted(connector, one), "iOffice does not hold the draft")
    await connector.decide()
    again = request(connector, subject=f"{MATTER} {NOT_APPROVED} (đã sửa)", code=one.code, round_=2)
    demand(await insisted(connector, again, count=2), "iOffice does not hold the second round")


async def _arrives_after(connector: IOfficeConnector, **answer: object) -> None:
    await connector.begin()
    await connector.once(SEND, **answer)
    one = request(connector)
    demand(await insisted(connector, one), "iOffice does not hold it in the end")


def _ended(calls: list[Request]) -> str:
    return f"HTTP {calls[-1].status} {calls[-1].answer[:200]}" if calls else "GuiHoSo was not called"
