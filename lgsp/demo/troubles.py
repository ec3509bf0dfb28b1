"""Flows of what goes wrong: each ends where it should, and says why."""

from functools import partial
from typing import cast

from pydantic import JsonValue

from lgsp.demo.documents import PROVINCE
from lgsp.demo.dossiers import PLAIN, ended
from lgsp.demo.world import Arrived, Flow, FlowError, Record, World
from lgsp.standards import vxp

__all__ = ["AWAY", "FLOWS"]

UNKNOWN_AGENCY = "000.00.00.G98"


async def malformed_document(world: World) -> Arrived:
    """An edXML that is no document: refused at the door, with the line, and kept for the operator."""
    raw = b'<?xml version="1.0"?>\n<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">\n  <edXMLEnvelope>\n</edXML>\n'
    signed = {
        "systemid": world.vxp_system_id, "servicetype": "eDoc", "messagetype": "edoc", "hash-file": vxp.file_hash(raw),
        "from": PROVINCE, "timestamp": vxp.timestamp(world.clock.now()), "Content-Type": "application/octet-stream",
    }  # fmt: skip
    headers = {**vxp.sign(signed, world.vxp_secret), "Content-Type": "application/octet-stream"}
    answer = await world.http.post(
        f"{world.urls['gateway']}/in/ioffice/sendEdoc", content=raw, headers=headers
    )
    reply = cast("Record", answer.json())
    if reply.get("ErrorCode") != vxp.ErrorCode.BAD_EDXML:
        raise FlowError(f"the malformed document was answered with {reply}")
    return Arrived("(edXML)", f"refused with {reply['ErrorCode']}: {str(reply['ErrorDesc'])[:70]}", "")


async def wrong_procedure(world: World) -> Arrived:
    """A packet whose procedure code is wrong: refused with its JSON Pointer."""
    code = f"G22.99.99-{world.clock.now():%y%m%d}-9999"
    packet: Record = {
        "MaHoSo": code, "MaTTHC": "not-a-procedure", "NgayNopHoSo": f"{world.clock.now():%Y%m%d%H%M%S}",
        "TenThuongNhan": "Nguyễn Mô Phỏng", "TaiLieuNop": [],
    }  # fmt: skip
    url = f"{world.urls['gateway']}/in/portal/web/guest/VXPAdapter/RestService/forward/nhanhsdvcqg"
    reply = cast("Record", (await world.http.post(url, json=packet)).json())
    if reply.get("error_code") == 0 or "/MaTTHC" not in str(reply.get("message")):
        raise FlowError(f"the packet with a wrong procedure code was answered with {reply}")
    return Arrived(code, f"refused: {str(reply['message'])[:70]}", "")


async def unknown_recipient(world: World) -> Arrived:
    """A document to an agency that the axis does not know: a dead letter with the axis' reason."""
    body: Record = {
        "from": PROVINCE,
        "to": [UNKNOWN_AGENCY],
        "subject": "V/v gửi nhầm địa chỉ",
        "attachments": [],
    }
    issued = await world.act("ioffice", "issue-document", body)
    document_id = str(issued["document_id"])
    letter = await world.until("a dead letter says why", partial(_dead_letter, world, document_id))
    return Arrived(document_id, f"dead letter: {str(letter['reason'])[:70]}", document_id)


async def system_away(world: World) -> Arrived:
    """The portal is away for a while: nothing is lost, nothing becomes a dead letter, all of it arrives afterwards."""
    await world.faults("portal", {"kind": "down", "path": "/VXPAdapter/*", "expires_s": 60})
    try:
        received = await world.act("igate", "receive-at-counter", {"procedure": PLAIN, "documents": []})
        code = str(received["code"])
        await world.until("the dossier waits while the portal is away", partial(_waiting, world, code))
    finally:
        await world.faults("portal", None)
    row = await world.until("it arrived when the portal was back", partial(ended, world, code))
    return Arrived(code, f"waited, then portal: {row['TrangThaiHoSo']}", code)


async def _dead_letter(world: World, subject: str) -> Record | None:
    found = await world.gateway("/api/dead")
    letters: JsonValue = found.get("dead", []) if isinstance(found, dict) else found
    rows = letters if isinstance(letters, list) else []
    return next((row for row in rows if isinstance(row, dict) and row.get("subject") == subject), None)


async def _waiting(world: World, code: str) -> Record | None:
    row = await world.find(
        "igate", "dossiers", lambda row: row.get("code") == code and str(row.get("status")) == "10"
    )
    return row if row is not None and await world.record("portal", "dossiers", code) is None else None


AWAY = Flow("system-away", "A system is away", "Hệ thống ngừng một lúc", system_away)
FLOWS = (
    Flow("malformed-document", "Malformed edXML", "edXML sai cú pháp", malformed_document),
    Flow("wrong-procedure", "Wrong procedure code", "Sai mã thủ tục", wrong_procedure),
    Flow("unknown-recipient", "Unknown recipient", "Nơi nhận không tồn tại", unknown_recipient),
    AWAY,
)
