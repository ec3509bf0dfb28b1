"""Assertions about what the receiver of a document sees, and about read states."""

import base64

from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.axis import (
    ASSUMED_CODES,
    AXIS,
    QUIRKS,
    RECORDED,
    AxisSubject,
    accepted,
    refused,
)
from lgsp.standards import edxml

__all__: list[str] = []

POLLING = "recorded; public code polls until updateStatus"


@AXIS.asserts("LGSP-AX-31", "A listed packet has docId, messageType, from, to and status initial",
              "Mỗi mục có docId, messageType, from, to, status = initial", source=RECORDED)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    await axis.sent(axis.document())
    listed = await axis.new()
    demand(len(listed) == 1, f"{len(listed)} new items after one document was sent")
    row = listed[0]
    missing = [
        name for name in ("docId", "messageType", "from", "to", "status", "created_time") if not row.get(name)
    ]
    demand(not missing, f"missing: {', '.join(missing)}")
    demand(row["status"] == "initial", f"status of what nobody touched is {row['status']!r}")


@AXIS.asserts(
    "LGSP-AX-32",
    "The list holds the asked messagetype only",
    "Danh sách chỉ gồm messagetype được hỏi",
    source=RECORDED,
)
async def _(axis: AxisSubject) -> None:
    await axis.arrived()
    wrong = [row.get("docId") for row in await axis.inbox("status") if row.get("messageType") != "status"]
    demand(not wrong, f"documents among the statuses: {wrong[:5]}")


@AXIS.asserts(
    "LGSP-AX-33",
    "Looking does not take away: the same item is listed again",
    "Đọc danh sách không làm mất mục",
    source=POLLING,
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    await axis.fetch(doc_id)
    demand(doc_id in await axis.received(document), "gone after it was only looked at")


@AXIS.asserts(
    "LGSP-AX-34",
    "getEdoc gives the packet in base64, unchanged",
    "getEdoc trả gói tin base64, nguyên vẹn",
    source=RECORDED,
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    data = (await axis.done("getEdoc", b"{}", docId=doc_id)).get("data")
    _same(base64.b64decode(str(data), validate=True), document)


@AXIS.asserts(
    "LGSP-AX-35",
    "downloadEdoc gives the raw packet, unchanged",
    "downloadEdoc trả byte gốc, nguyên vẹn",
    source=RECORDED,
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    _same((await axis.fetch(doc_id)).body, document)


@AXIS.asserts(
    "LGSP-AX-36", "docId and docid are the same parameter", "docId và docid là một tham số", source=QUIRKS
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    for spelling in ("docId", "docid"):
        demand(
            (document.document_id or "?").encode() in (await axis.fetch(doc_id, spelling)).body,
            f"not found by {spelling}",
        )
        answer = await axis.settle(doc_id, "processing", spelling)
        demand(
            str(answer.get("ErrorCode")) == "0",
            f"updateStatus by {spelling}: ErrorCode {answer.get('ErrorCode')!r}",
        )


@AXIS.asserts(
    "LGSP-AX-37", "done takes the packet off the list", "done đưa gói tin ra khỏi danh sách", source=POLLING
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    accepted(await axis.settle(doc_id))
    demand(not await axis.received(document), "still listed")


@AXIS.asserts(
    "LGSP-AX-38", "fail takes the packet off the list", "fail đưa gói tin ra khỏi danh sách", source=POLLING
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    accepted(await axis.settle(doc_id, "fail"))
    demand(not await axis.received(document), "still listed")


@AXIS.asserts(
    "LGSP-AX-39",
    "processing leaves the packet on the list",
    "processing giữ gói tin trong danh sách",
    source=POLLING,
)
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    await axis.settle(doc_id, "processing")
    demand(await axis.received(document), "gone before it was done")


@AXIS.asserts("LGSP-AX-40", "A read state that does not exist is refused", "Trạng thái đọc không tồn tại bị từ chối",
              source="recorded: processing, done, fail", level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    _, doc_id = await axis.arrived()
    refused(await axis.settle(doc_id, "da-xem"))


@AXIS.asserts("LGSP-AX-41", "done again does no harm", "Gửi done lần nữa không gây lỗi", source="assumed (the answer may get lost)",
              level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    document, doc_id = await axis.arrived()
    await axis.settle(doc_id)
    accepted(await axis.settle(doc_id))
    demand(not await axis.received(document), "the second done put it back")


@AXIS.asserts(
    "LGSP-AX-42",
    "The sender sees the read state of its receiver",
    "Nơi gửi thấy trạng thái đọc của nơi nhận",
    source=RECORDED,
)
async def _(axis: AxisSubject) -> None:
    document = axis.document()
    sender_doc = await axis.sent(document)
    [doc_id] = await axis.received(document)
    await axis.settle(doc_id)
    data = (await axis.done("getSentEdocList", servicetype="eDoc", messagetype="edoc")).get("data")
    rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
    found = [row.get("receiveStatus") for row in rows if str(row.get("senderDocId")) == sender_doc]
    demand(found == ["done"], f"receiveStatus of it: {found}")


@AXIS.asserts(
    "LGSP-AX-43",
    "count is a number and counts what waits",
    "count là số và đếm đúng số đang chờ",
    source=RECORDED,
)
async def _(axis: AxisSubject) -> None:
    before = (await axis.done("countReceiveEdoc", b"{}", servicetype="eDoc")).get("count")
    demand(isinstance(before, int) and not isinstance(before, bool), f"count is {before!r}")
    await axis.sent(axis.document())
    after = (await axis.done("countReceiveEdoc", b"{}", servicetype="eDoc")).get("count")
    demand(
        isinstance(after, int) and isinstance(before, int) and after > before,
        f"{before}, then {after}",
    )


@AXIS.asserts("LGSP-AX-44", "A docId that does not exist is an error, not an empty one", "docId không tồn tại là lỗi, không phải gói rỗng",
              source=ASSUMED_CODES)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    refused(await axis.ask("getEdoc", b"{}", docId="987654321"))


@AXIS.asserts("LGSP-AX-45", "The list is in the order of arrival", "Danh sách theo thứ tự đến", source="assumed (no cursor on the wire)",
              level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    documents = [axis.document(), axis.document()]
    for one in documents:
        await axis.sent(one)
    contents = [(await axis.fetch(str(row.get("docId")))).body for row in (await axis.new())[:20]]
    places = [
        index
        for one in documents
        for index, raw in enumerate(contents)
        if (one.document_id or "?").encode() in raw
    ]
    demand(len(places) == 2, f"two documents were sent, and {len(places)} are listed")
    demand(places[0] < places[1], "the later one is listed first")


def _same(raw: bytes, document: edxml.EdxmlDocument) -> None:
    found = edxml.read(raw)
    if not isinstance(found, edxml.EdxmlDocument):
        demand(False, "it is no document")
        return
    demand(
        (found.document_id, found.subject) == (document.document_id, document.subject),
        "document id or subject changed",
    )
    mine, theirs = (
        tuple((one.name, one.content.read()) for one in each.attachments) for each in (document, found)
    )
    demand(mine == theirs, "the attachments changed")
