"""Flows of documents (văn bản đi, văn bản đến)."""

from functools import partial

from lgsp.demo.world import Arrived, Flow, FlowError, Record, World, attachment, codes_of

__all__ = ["FLOWS", "PDF", "PROVINCE"]

PROVINCE, MINISTRY, HOME_AFFAIRS = "000.00.00.H34", "000.00.00.G22", "000.00.00.G09"
DEPARTMENTS = ("000.00.02.H34", "000.00.03.H34")
WHOLE_LIFE = {"01", "03", "04", "05", "06"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


async def outgoing(world: World) -> Arrived:
    """IOffice -> a ministry by the axis, and two departments; every status comes back."""
    issued = await world.act("ioffice", "issue-document", {
        "from": PROVINCE,
        "to": [MINISTRY, *DEPARTMENTS],
        "subject": "V/v kết nối, liên thông phần mềm quản lý văn bản",
        "attachments": [attachment("cong-van.pdf", PDF), attachment("phu-luc.txt", "Phụ lục I".encode())],
    })  # fmt: skip
    document_id = str(issued["document_id"])
    received = await world.until(
        f"the ministry holds {document_id}",
        partial(world.find, "axis", "external_documents", partial(_is, document_id, MINISTRY)),
    )
    for department in DEPARTMENTS:
        await world.until(
            f"{department} holds it",
            partial(world.record, "ioffice", "documents", f"{document_id}|{department}"),
        )

    async def whole_life() -> Record | None:
        sent = await world.record("ioffice", "documents", document_id)
        everyone = (MINISTRY, *DEPARTMENTS)
        done = sent is not None and all(codes_of(sent["statuses"], who) >= WHOLE_LIFE for who in everyone)
        return sent if done else None

    sent = await world.until("01, 03, 04, 05, 06 of all three stand on the document in iOffice", whole_life)
    files = received.get("attachments")
    count = len(files) if isinstance(files, list) else 0
    if count != 2:
        return Arrived(document_id, f"FAILED: the ministry holds {count} of 2 attachments", document_id)
    return Arrived(document_id, f"G22: {sent['code']}, 2 attachments; iOffice: 3 x 01-06", document_id)


async def incoming(world: World) -> Arrived:
    """A ministry -> the axis -> iOffice registers it -> the statuses go back to the ministry."""
    sent = await world.act("axis", "send-document", {
        "from": HOME_AFFAIRS, "to": [PROVINCE], "subject": "V/v báo cáo công tác cải cách hành chính",
        "attachments": [attachment("bao-cao.pdf", PDF)],
    })  # fmt: skip
    document_id = str(sent["document_id"])
    await world.until(
        "iOffice holds it", partial(world.record, "ioffice", "documents", f"{document_id}|{PROVINCE}")
    )

    async def told() -> Record | None:
        row = await world.find("axis", "external_documents", partial(_is, document_id, HOME_AFFAIRS))
        return row if row is not None and codes_of(row.get("statuses")) >= WHOLE_LIFE else None

    await world.until("the ministry was told 01, 03, 04, 05, 06", told)
    return Arrived(document_id, "iOffice: registered, finished; G09: 01-06", document_id)


async def recalled(world: World) -> Arrived:
    """Sent in error, recalled before anybody worked on it: the receiver gives it back (15)."""
    issued = await world.act("ioffice", "issue-document", {
        "from": PROVINCE, "to": [MINISTRY], "subject": "V/v gửi nhầm nơi nhận [chờ]", "attachments": [],
    })  # fmt: skip
    document_id = str(issued["document_id"])

    async def at(status: str, request: str) -> Record | None:
        row = await world.record("ioffice", "documents", document_id)
        life: Record = {"status": status, "request": request}
        return row if row is not None and row["receivers"] == {MINISTRY: life} else None

    await world.until("the ministry has registered it", partial(at, "03", ""))
    form: Record = {"document_id": document_id, "reason": "Gửi nhầm nơi nhận"}
    await world.act("ioffice", "recall-document", form)
    await world.until("the ministry agreed to give it back", partial(at, "03", "agreed"))
    theirs = await world.record("axis", "external_documents", f"{document_id}|{MINISTRY}")
    if theirs is None or not theirs["withdrawn"]:
        raise FlowError(f"the ministry still works on {document_id}")
    return Arrived(document_id, "G22: given back; iOffice: 15", document_id)


def _is(document_id: str, agency: str, row: Record) -> bool:
    return row.get("document_id") == document_id and row.get("agency") == agency


FLOWS = (
    Flow("outgoing", "Outgoing document", "Văn bản đi", outgoing),
    Flow("incoming", "Incoming document", "Văn bản đến", incoming),
    Flow("recall", "Recalled document", "Thu hồi văn bản", recalled),
)
