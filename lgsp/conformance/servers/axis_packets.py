"""Assertions about sendEdoc: what is taken, what is refused, what comes twice."""

import hashlib

from lgsp.clock import SystemClock
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.axis import (
    ASSUMED_CODES,
    AXIS,
    QUIRKS,
    AxisSubject,
    accepted,
    plainly_hashed,
    refused,
)
from lgsp.standards import edxml, vxp

__all__: list[str] = []

QCVN = "QCVN 102:2016/BTTTT"
EXCHANGE = "QĐ 28/2018/QĐ-TTg"


@AXIS.asserts("LGSP-AX-11", "A document is taken and the answer has the key DocId", "Văn bản được nhận và trả về khóa DocId",
              source="recorded (without it the SDK fails)")  # fmt: skip
async def _(axis: AxisSubject) -> None:
    answer = await axis.send(plainly_hashed(edxml.write(axis.document())))
    accepted(answer)
    demand(answer.get("DocId"), f"no key DocId, only {', '.join(answer)}")


@AXIS.asserts(
    "LGSP-AX-12",
    "hash-file without zero-padding is the right hash",
    "Chấp nhận hash-file không đệm số 0",
    source=QUIRKS,
)
async def _(axis: AxisSubject) -> None:
    answer = await axis.send(_telling(axis))
    accepted(answer)


@AXIS.asserts("LGSP-AX-13", "hash-file in the proper spelling is right as well", "Chấp nhận hash-file SHA-256 đủ 64 ký tự",
              source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    raw = _telling(axis)
    answer = await axis.send(raw, claimed_hash=hashlib.sha256(raw).hexdigest())
    accepted(answer)


def _telling(axis: AxisSubject) -> bytes:
    """A packet whose hash is spelt differently with and without padding: seven of eight are."""
    for _ in range(200):
        raw = edxml.write(axis.document())
        if len(vxp.file_hash(raw)) < 64:
            break
    return raw


@AXIS.asserts("LGSP-AX-14", "A hash that does not fit is refused, and nothing arrives", "hash-file sai bị từ chối, không có gì được chuyển",
              source=ASSUMED_CODES)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document = axis.document()
    refused(await axis.send(edxml.write(document), claimed_hash="0" * 64))
    demand(not await axis.received(document), "refused, and yet it lies in the receiver's list")


@AXIS.asserts("LGSP-AX-15", "The same packet again gets the same DocId", "Gửi lại cùng gói tin được cùng DocId",
              source="assumed (a client that got no answer sends again)")  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document = axis.document()
    first, second = await axis.sent(document), await axis.sent(document)
    demand(first == second, f"DocId {first}, then {second}")


@AXIS.asserts("LGSP-AX-16", "The same packet again is delivered once", "Gửi lại cùng gói tin chỉ được chuyển một lần",
              source=f"{EXCHANGE}; AS4 TA10")  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document = axis.document()
    await axis.sent(document)
    await axis.sent(document)
    found = await axis.received(document)
    demand(len(found) == 1, f"the receiver has it {len(found)} times: {', '.join(found)}")


@AXIS.asserts(
    "LGSP-AX-17",
    "An unknown receiver is refused with 18",
    "Đơn vị nhận không tồn tại: mã 18",
    source=ASSUMED_CODES,
)
async def _(axis: AxisSubject) -> None:
    refused(await axis.send(plainly_hashed(edxml.write(axis.document(receiver="999.99.99.H99")))), "18")


@AXIS.asserts("LGSP-AX-18", "A sender that is not the system's own is refused with 19", "Đơn vị gửi không thuộc hệ thống: mã 19",
              source=ASSUMED_CODES)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document = axis.document(sender="999.99.98.H99")
    refused(await axis.send(plainly_hashed(edxml.write(document)), sender="999.99.98.H99"), "19")


@AXIS.asserts(
    "LGSP-AX-19",
    "What is not well-formed is refused with 22",
    "XML hỏng bị từ chối với mã 22",
    source=f"{QCVN}; {ASSUMED_CODES}",
)
async def _(axis: AxisSubject) -> None:
    raw = edxml.write(axis.document())
    refused(await axis.send(plainly_hashed(raw[: len(raw) // 2])), "22")


@AXIS.asserts("LGSP-AX-20", "A packet with a DTD is refused and no entity is expanded", "Gói tin có DTD bị từ chối, không mở entity",
              source=f"{QCVN}; OWASP XXE")  # fmt: skip
async def _(axis: AxisSubject) -> None:
    raw = edxml.write(axis.document(subject="MARK"))
    head, _, rest = raw.partition(b"?>")
    hostile = head + b'?><!DOCTYPE edXML [<!ENTITY e "boom">]>' + rest.replace(b"MARK", b"&e;")
    refused(await axis.send(plainly_hashed(hostile)))


@AXIS.asserts("LGSP-AX-21", "A reference without its attachment is refused", "Reference không có Attachment bị từ chối",
              source=f"{QCVN}: each Reference has its Attachment")  # fmt: skip
async def _(axis: AxisSubject) -> None:
    raw = edxml.write(axis.document())
    begin, end = (
        raw.index(b"<AttachmentEncoded"),
        raw.index(b"</AttachmentEncoded>") + len(b"</AttachmentEncoded>"),
    )
    refused(await axis.send(plainly_hashed(raw[:begin] + raw[end:])))


@AXIS.asserts("LGSP-AX-22", "A packet that is not what messagetype says is refused", "messagetype không khớp với gói tin bị từ chối",
              source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    refused(await axis.send(plainly_hashed(edxml.write(axis.document())), "status"))


@AXIS.asserts("LGSP-AX-23", "A status comes to the issuer, in the list of statuses", "Trạng thái đến nơi phát hành, trong danh sách status",
              source=EXCHANGE)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    await axis.settle(doc_id)
    before = {row.get("docId") for row in await axis.inbox("status")}
    await axis.sent(_status(document, axis.options["receiver"], "01"))
    new = [row for row in await axis.inbox("status") if row.get("docId") not in before]
    demand(len(new) == 1, f"{len(new)} new statuses in the issuer's list")


@AXIS.asserts(
    "LGSP-AX-24",
    "The same status again is delivered once",
    "Trạng thái gửi lặp chỉ được chuyển một lần",
    source="AS4 TA10; assumed",
)
async def _(axis: AxisSubject) -> None:
    document, _ = await axis.arrived()
    status = _status(document, axis.options["receiver"], "03")
    before = {row.get("docId") for row in await axis.inbox("status")}
    await axis.sent(status)
    await axis.sent(status)
    new = [row for row in await axis.inbox("status") if row.get("docId") not in before]
    demand(len(new) == 1, f"{len(new)} new statuses in the issuer's list")


@AXIS.asserts("LGSP-AX-25", "The same document in other bytes is delivered once", "Cùng văn bản, khác byte: chỉ chuyển một lần",
              source="assumed (a retry with the same identity is written anew)", level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document = axis.document()
    raw = edxml.write(document)
    await axis.send(plainly_hashed(raw))
    await axis.send(plainly_hashed(raw + b"<!-- again -->"))
    found = await axis.received(document)
    demand(len(found) == 1, f"the receiver has it {len(found)} times")


def _status(about: edxml.EdxmlDocument, sender: str, code: str) -> edxml.EdxmlStatus:
    response_for = edxml.EdxmlResponseFor(
        about.sender.id, about.code, about.promulgation_date, about.document_id
    )
    moment = SystemClock().now().replace(microsecond=0)
    return edxml.EdxmlStatus(edxml.EdxmlOrgan(sender, "Văn thư"), response_for, code, "", moment)
