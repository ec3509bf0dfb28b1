"""What a connector tells of a dossier that iGate has: steps, payments, papers, signed results (`--send`)."""

import hashlib
from datetime import UTC, datetime
from typing import cast

from pydantic import JsonValue

from lgsp.clock import SystemClock
from lgsp.conformance.clients.connector import Row, Work
from lgsp.conformance.clients.igate import IGATE_CLIENT, PARTNER, IGateConnector
from lgsp.conformance.clients.igate_sending import SUBMIT, UPLOAD, submission, submit
from lgsp.conformance.clients.lasting import LINE, PAPER, paper, said
from lgsp.conformance.model import demand

__all__: list[str] = []

STEPS, STATES = "/pa/partner/CapNhatTienTrinh", "/pa/partner/CapNhatTrangThai"
NEEDS = "--send: work of the kind {}, as its schema says, the files as name and base64"
WITHDRAW, PAY, SUPPLEMENT, RESULT = map(
    NEEDS.format, ("dossier.withdrawn", "dossier.fee_paid", "dossier.supplemented", "result.issued")
)
WISH = "Xin rút hồ sơ để bổ sung, sẽ nộp lại"


def _request(kind: str, code: str, **more: JsonValue) -> Work:
    at = SystemClock().now().astimezone(UTC).replace(microsecond=0)
    data = {"national_code": code, "content": WISH, "at": at.isoformat(), "by": "Nguyễn Thử Nghiệm", **more}
    return {"kind": kind, "data": data}


async def _reaches(connector: IGateConnector, code: str, state: str, *works: Work) -> None:
    """The dossier comes into that state by these pieces of work."""

    async def is_there() -> bool:
        return any(one["status"] == state for one in await connector.dossier(code))

    if not await connector.insist(works, is_there):
        states = ", ".join(str(one["status"]) for one in await connector.dossier(code))
        demand(False, f"the dossier is in state {states or '– (not there)'}, expected {state}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-60",
    "A withdrawal is a step 7, with its reason and a moment that has a zone",
    "Rút hồ sơ là bước 7, có lý do và thời điểm kèm múi giờ",
    source=f"{PARTNER}; state 7 of QCVN 120:2019",
    needs=WITHDRAW,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    one = await submit(connector)
    await _reaches(connector, one.code, "7", _request("dossier.withdrawn", one.code))
    step = said((await connector.calls(STEPS))[-1])
    demand(step.get("NoiDungXuLy") == WISH, f"NoiDungXuLy {step.get('NoiDungXuLy')!r}")
    at = str(step.get("ThoiDiemXuLy"))
    try:
        zone = datetime.fromisoformat(at).tzinfo
    except ValueError:
        zone = None
    demand(zone, f"ThoiDiemXuLy {at!r} is no ISO 8601 moment with a zone")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-61",
    "After a lost answer the same step is told again, word by word, and is one step",
    "Mất trả lời: gửi lại đúng bước đó, vẫn là một bước",
    source="AS4 TA09, TA10; assumed",
    needs=WITHDRAW,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    one = await submit(connector)
    await connector.fault("reset", STEPS, when="after")
    work = _request("dossier.withdrawn", one.code)

    async def is_answered() -> bool:
        return len(await connector.calls(STEPS)) > 1

    demand(await connector.insist(work, is_answered), "not told again")
    calls = await connector.calls(STEPS)
    demand(
        calls[-1].status == 200,
        f"told again with other words: HTTP {calls[-1].status} {calls[-1].answer[:200]}",
    )


@IGATE_CLIENT.asserts(
    "LGSP-IGC-62",
    "What follows a submission waits for it: steps come in their order",
    "Bước sau đợi hồ sơ được nộp: đúng thứ tự",
    source=f"{PARTNER}; QCVN 120:2019",
    needs=WITHDRAW,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SUBMIT, status=503)
    one = submission(connector)
    await _reaches(connector, one.code, "7", one.work, _request("dossier.withdrawn", one.code))


@IGATE_CLIENT.asserts(
    "LGSP-IGC-63",
    "A step that iGate refuses as illegal is not told again by itself",
    "Bước bị từ chối vì không hợp lệ thì không tự gửi lại",
    source=f"{PARTNER}; QCVN 120:2019",
    needs=WITHDRAW,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await connector.received()
    await connector.move(dossier, "4", "9", "10")
    work = _request("dossier.withdrawn", str(dossier["code"]))
    await connector.offer(
        {**work, "data": {**cast("Row", work["data"]), "national_code": None, "code": dossier["code"]}}
    )

    async def is_told() -> bool:
        return bool(await connector.calls(STEPS))

    demand(await connector.until(is_told), "CapNhatTienTrinh was not called")
    await connector.linger(connector.patience_s / 3)
    told = await connector.calls(STEPS)
    demand(len(told) == 1, f"told {len(told)} times")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-64",
    "A payment names its request and the whole sum",
    "Nộp phí nêu đúng yêu cầu và đủ số tiền",
    source=f"{PARTNER}: CapNhatTrangThai 6; the request's number is assumed",
    needs=PAY,
)
async def _(connector: IGateConnector) -> None:
    one = await _paused(connector, "6")
    [dossier] = await connector.dossier(one)
    pause = cast("list[Row]", dossier["pauses"])[-1]
    fees = [
        {"code": fee["code"], "name": fee["name"], "amount": fee["amount"]}
        for fee in cast("list[Row]", pause["fees"])
    ]
    await _reaches(
        connector,
        one,
        "4",
        _request("dossier.fee_paid", one, request_id=pause["id"], fees=cast("JsonValue", fees)),
    )
    told = said((await connector.calls(STATES))[-1])
    demand(str(told.get("TrangThai")) == "6", f"TrangThai {told.get('TrangThai')!r}")
    demand(str(told.get("HoSoBoSungId")) == pause["id"], f"HoSoBoSungId {told.get('HoSoBoSungId')!r}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-65",
    "Papers that were asked for come as NopHoSo of the same number, uploaded first",
    "Giấy tờ bổ sung gửi bằng NopHoSo cùng mã, tệp tải lên trước",
    source=f"{PARTNER}; assumed",
    needs=SUPPLEMENT,
)
async def _(connector: IGateConnector) -> None:
    one = await _paused(connector, "5")
    [dossier] = await connector.dossier(one)
    request_id = cast("list[Row]", dossier["pauses"])[-1]["id"]
    documents: JsonValue = [{"code": "TP02", "name": "Bản sao giấy tờ", "attachment": paper(PAPER + b"2")}]
    work = _request("dossier.supplemented", one, request_id=request_id, documents=documents)
    await _reaches(connector, one, "4", work)
    [held] = await connector.dossier(one)
    brought = [file for file in cast("list[Row]", held["files"]) if file.get("supplement")]
    demand(len(brought) == 1, f"{len(brought)} papers came with the answer, there is one")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-66",
    "A signed result brings its file, uploaded first, and state 9",
    "Kết quả đã ký kèm tệp tải lên trước, trạng thái 9",
    source=f"{PARTNER}: CapNhatTrangThai 9",
    needs=RESULT,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await _with_draft(connector)
    code, content = str(dossier["code"]), PAPER + b"signed"

    async def has_result() -> bool:
        return any(one["results"] for one in await connector.dossier(code))

    demand(await connector.insist(_result(dossier, content), has_result), "iGate holds no result")
    demand(await connector.calls(UPLOAD, 200), "nothing was uploaded")
    [held] = await connector.dossier(code)
    files = await connector.table("files")
    digests = [files[str(one["id"])]["sha256"] for one in cast("list[Row]", held["results"])]
    demand(
        digests == [hashlib.sha256(content).hexdigest()], "the result's file is not the one that was signed"
    )
    demand(str(said((await connector.calls(STATES))[-1]).get("TrangThai")) == "9", "TrangThai is not 9")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-67",
    "A result whose answer was lost is told again, and is one result",
    "Mất trả lời: gửi lại kết quả, vẫn là một kết quả",
    source=LINE,
    needs=RESULT,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await _with_draft(connector)
    await connector.fault("reset", STATES, when="after")

    async def is_answered() -> bool:
        return bool(await connector.calls(STATES, 200))

    demand(
        await connector.insist(_result(dossier, PAPER), is_answered), "not told again, or with other words"
    )
    [held] = await connector.dossier(str(dossier["code"]))
    demand(len(cast("list[Row]", held["results"])) == 1, "iGate does not hold exactly one result")


async def _with_draft(connector: IGateConnector) -> Row:
    """A dossier whose draft waits for a signature."""
    dossier = await connector.received(procedure=connector.options["signed_procedure"])
    for _ in range(3):
        await connector.control("POST", "tick")
    return dossier


def _result(dossier: Row, content: bytes) -> Work:
    data: dict[str, JsonValue] = {
        "code": dossier["code"],
        "igate_id": dossier["id"],
        "outcome": "01",
        "number": "12/QĐ-UBND",
        "abstract": "V/v giải quyết hồ sơ",
        "document_type": "Quyết định",
        "signer": "Nguyễn Mô Phỏng",
        "attachments": [paper(content)],
    }
    return {"kind": "result.issued", "data": data}


async def _paused(connector: IGateConnector, state: str) -> str:
    """The number of a submitted dossier for which something is asked."""
    await connector.begin()
    one = await submit(connector)
    [held] = await connector.dossier(one.code)
    await connector.move({"code": held["national_code"]}, "2", "4", state)
    return one.code
