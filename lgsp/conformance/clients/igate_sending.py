"""What a connector submits to iGate (NopHoSo), where it can be given work (`--send`)."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import JsonValue

from lgsp.clock import VIETNAM, SystemClock
from lgsp.conformance.clients.connector import Request, Row, Work
from lgsp.conformance.clients.igate import IGATE_CLIENT, PARTNER, IGateConnector
from lgsp.conformance.clients.lasting import LINE, MOST_TRIES, PAPER, PAPER_NAME, paper, said
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.fresh import dossier_code

__all__ = ["SUBMIT", "UPLOAD", "Submission", "submit"]

SUBMIT, UPLOAD = "/pa/partner/NopHoSo", "/pa/partner/UploadFile"
NEEDS = "--send: work of the kind dossier.submitted, as its schema says, the files as name and base64"
OWNER = "Công ty TNHH Thử Nghiệm Đắk Hà"


@dataclass(frozen=True, slots=True)
class Submission:
    """A dossier that nobody has submitted before."""

    code: str
    submitted_at: datetime
    work: Work


def submission(connector: IGateConnector) -> Submission:
    """Of an enterprise, with a paper; its moments are in UTC, as the bus has them."""
    code = dossier_code("G22.99.99")
    at = (SystemClock().now() - timedelta(days=1)).astimezone(UTC).replace(microsecond=0)
    data: dict[str, JsonValue] = {
        "national_code": code,
        "procedure_code": connector.options["procedure"],
        "procedure_name": "Thủ tục thử nghiệm",
        "unit_id": connector.options["unit"],
        "submitted_at": at.isoformat(),
        "abstract": "Đề nghị cấp giấy phép",
        "applicant": {
            "name": OWNER,
            "kind": "2",
            "email": "",
            "telephone": "0900000000",
            "address": "Đắk Hà, Kon Tum",
        },
        "documents": [{"code": "TP01", "name": "Đơn đề nghị", "attachment": paper()}],
    }
    return Submission(code, at, {"kind": "dossier.submitted", "data": data})


async def submit(connector: IGateConnector) -> Submission:
    """One that iGate has taken."""
    one = submission(connector)
    if not await insisted(connector, one):
        refused = [call.answer for call in await connector.calls(SUBMIT) if call.status >= 400][-1:]
        why = f"; it says {refused[0][:200]}" if refused else ""
        demand(False, f"iGate does not hold the dossier that was given to the connector{why}")
    return one


async def insisted(connector: IGateConnector, one: Submission) -> bool:
    """Whether it is there in the end."""

    async def is_there() -> bool:
        return bool(await connector.dossier(one.code))

    return await connector.insist(one.work, is_there)


async def submitted(connector: IGateConnector) -> tuple[Submission, Row]:
    """One that iGate has taken, and NopHoSo as it was said."""
    await connector.begin()
    one = await submit(connector)
    return one, said((await connector.calls(SUBMIT))[-1])


def papers_of(body: Row) -> list[Row]:
    """Every GiayToDinhKem of a NopHoSo."""
    parts = body.get("ThanhPhanHoSo")
    rows = [row for row in parts if isinstance(row, dict)] if isinstance(parts, list) else []
    lists = [row.get("GiayToDinhKem") for row in rows]
    return [one for found in lists if isinstance(found, list) for one in found if isinstance(one, dict)]


@IGATE_CLIENT.asserts(
    "LGSP-IGC-40",
    "NopHoSo has all that iGate asks for",
    "NopHoSo đủ các trường iGate yêu cầu",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one, body = await submitted(connector)
    wanted = {
        "MaHoSo": one.code,
        "MaTTHC": connector.options["procedure"],
        "MaDonViTiepNhan": connector.options["unit"],
    }
    wrong = [f"{name} {body.get(name)!r}" for name, value in wanted.items() if body.get(name) != value]
    demand(not wrong, f"not as in the work: {', '.join(wrong)}")
    missing = [
        name for name in ("ChuHoSo", "NgayNop", "ThanhPhanHoSo", "ThongTinNguoiNop") if not body.get(name)
    ]
    demand(not missing, f"missing: {', '.join(missing)}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-41",
    "Moments are yyyy-MM-dd HH:mm:ss in Vietnamese time",
    "Thời điểm dạng yyyy-MM-dd HH:mm:ss, giờ Việt Nam",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one, body = await submitted(connector)
    expected = f"{one.submitted_at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}"
    demand(body.get("NgayNop") == expected, f"NgayNop {body.get('NgayNop')!r}, expected {expected!r}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-42",
    "LoaiDoiTuong is iGate's: 0 citizen, 1 enterprise, 2 household business, not the portal's",
    "LoaiDoiTuong theo iGate (0 công dân, 1 doanh nghiệp, 2 hộ kinh doanh), không phải theo Cổng",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    _, body = await submitted(connector)
    demand(
        str(body.get("LoaiDoiTuong")) == "1", f"LoaiDoiTuong {body.get('LoaiDoiTuong')!r} for an enterprise"
    )


@IGATE_CLIENT.asserts(
    "LGSP-IGC-43",
    "A paper is uploaded first, and named by the IdTepTin that it got",
    "Giấy tờ tải lên trước, NopHoSo dẫn đúng IdTepTin",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    _, body = await submitted(connector)
    demand(await connector.calls(UPLOAD, 200), "nothing was uploaded")
    papers = papers_of(body)
    demand(len(papers) == 1, f"{len(papers)} papers in NopHoSo, there is one")
    demand(
        str(papers[0].get("IdGiayTo")) in await connector.table("files"),
        f"IdGiayTo {papers[0].get('IdGiayTo')!r}",
    )


@IGATE_CLIENT.asserts(
    "LGSP-IGC-44",
    "A file arrives whole: its content byte by byte",
    "Tệp đến nguyên vẹn từng byte",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one, _ = await submitted(connector)
    for file in await _files(connector, one):
        digest = hashlib.sha256(PAPER).hexdigest()
        demand(file["sha256"] == digest, f"{file['size']} bytes arrived, {len(PAPER)} were given, or others")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-45",
    "A file keeps its name, with Vietnamese letters as UTF-8",
    "Tệp giữ nguyên tên, chữ Việt dạng UTF-8",
    source="RFC 7578 §5.1; TCVN 6909:2001",
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one, _ = await submitted(connector)
    for file in await _files(connector, one):
        demand(unicodedata.normalize("NFC", str(file["name"])) == PAPER_NAME, f"arrived as {file['name']!r}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-46",
    "HashTepTin is the one that UploadFile gave",
    "HashTepTin đúng như UploadFile trả về",
    source=f"{PARTNER}; SHA-256 is assumed",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    _, body = await submitted(connector)
    files = await connector.table("files")
    demand(papers_of(body), "NopHoSo names no paper")
    for one in papers_of(body):
        digest = files.get(str(one.get("IdGiayTo")), {}).get("sha256")
        demand(
            one.get("HashTepTin") == digest, f"HashTepTin {one.get('HashTepTin')!r}, the file has {digest!r}"
        )


@IGATE_CLIENT.asserts(
    "LGSP-IGC-47",
    "Names arrive as they are, with Vietnamese letters as UTF-8, composed (NFC)",
    "Tên giữ nguyên chữ Việt, UTF-8 dựng sẵn (NFC)",
    source="TCVN 6909:2001; NĐ 47/2020/NĐ-CP",
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one, _ = await submitted(connector)
    [held, *_] = await connector.dossier(one.code)
    applicant = cast("Row", held["applicant"])
    demand(applicant["fullname"] == OWNER, f"ChuHoSo {applicant['fullname']!r}, expected {OWNER!r}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-48",
    "After a lost answer the same dossier is submitted again, as the same",
    "Mất trả lời: nộp lại đúng hồ sơ đó",
    source="AS4 TA09, TA10; assumed",
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("reset", SUBMIT, when="after")
    one = submission(connector)

    async def is_answered() -> bool:
        return bool(await connector.calls(SUBMIT, 200))

    demand(await connector.insist(one.work, is_answered), _ended(await connector.calls(SUBMIT)))
    demand(len(await connector.dossier(one.code)) == 1, "iGate does not hold it exactly once")
    codes = {str(said(call).get("MaHoSo")) for call in await connector.calls(SUBMIT)}
    demand(codes == {one.code}, f"submitted as {', '.join(sorted(codes))}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-49",
    "When the answer to an upload is lost, the dossier gets there all the same, with its paper",
    "Mất trả lời khi tải tệp: hồ sơ vẫn đến, đủ giấy tờ",
    source=LINE,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("reset", UPLOAD, when="after")
    await _files(connector, await submit(connector))


@IGATE_CLIENT.asserts(
    "LGSP-IGC-50",
    "What is answered with 503 is submitted again",
    "Bị 503 thì nộp lại",
    source=LINE,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SUBMIT, status=503)
    await submit(connector)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-51",
    "HTTP 200 with `code` 500 is no success: it is submitted again",
    "HTTP 200 kèm code 500 không phải thành công: nộp lại",
    source=f"{PARTNER}: {{code, message, data}}",
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SUBMIT, json_body={"code": "500", "message": "Lỗi hệ thống", "data": None})
    await submit(connector)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-52",
    "What was refused (HTTP 400) is not said again by itself",
    "Bị từ chối (HTTP 400) thì không tự gửi lại",
    source=PARTNER,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    body = {"code": "MaTTHC", "message": "Thủ tục chưa được công bố"}
    calls = await connector.always_answered(submission(connector).work, SUBMIT, status=400, json_body=body)
    demand(len(calls) == 1, f"said {len(calls)} times")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-53",
    "Nor what was refused with HTTP 200 and `code` 400",
    "Bị từ chối bằng HTTP 200 kèm code 400 cũng vậy",
    source=f"{PARTNER}: {{code, message, data}}",
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    calls = await connector.always_answered(
        submission(connector).work, SUBMIT, json_body={"code": "400", "message": "Sai dữ liệu", "data": None}
    )
    demand(len(calls) == 1, f"said {len(calls)} times")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-54",
    "While iGate is away it does not submit without end, and does once it is back",
    "iGate không trả lời: không nộp dồn dập; khi có lại thì nộp",
    source=LINE,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    one = submission(connector)
    calls = await connector.always_answered(one.work, SUBMIT, status=503)
    demand(len(calls) <= MOST_TRIES, f"{len(calls)} tries in one go")
    await connector.clear()
    demand(await insisted(connector, one), "iGate does not hold it once it is back")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-55",
    "It does not come again sooner than Retry-After says",
    "Không gửi lại sớm hơn Retry-After",
    source="RFC 9110 §10.2.3",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SUBMIT, status=503, headers={"Retry-After": "1"})
    one = submission(connector)
    await connector.offer(one.work)
    await connector.linger(1.1)
    demand(await insisted(connector, one), "iGate does not hold it in the end")
    first, again, *_ = await connector.calls(SUBMIT)
    demand(
        again.at - first.at >= timedelta(seconds=0.95),
        f"again after {(again.at - first.at).total_seconds():.2f} s",
    )


async def _files(connector: IGateConnector, one: Submission) -> list[Row]:
    """What iGate holds of its papers."""
    held = await connector.dossier(one.code)
    papers = cast("list[Row]", held[0]["files"])
    demand(len(papers) == 1, f"iGate holds {len(papers)} papers of the dossier, there is one")
    files = await connector.table("files")
    return [files[str(paper["id"])] for paper in papers]


def _ended(calls: list[Request]) -> str:
    if len(calls) < 2:
        return "not submitted again"
    return (
        f"submitted {len(calls)} times, and iGate answers HTTP {calls[-1].status}: {calls[-1].answer[:200]}"
    )
