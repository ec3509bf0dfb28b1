"""The books of iOffice: documents that went out and came in, each with its statuses; and the packets that wait to be sent."""

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Annotated, cast

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp.clock import VIETNAM
from lgsp.standards import edxml, identifiers
from lgsp_mocks.kit import Agency, Context, Record

__all__ = ["IssueDocument", "Office"]

ORDER = ("", "01", "03", "04", "05", "06")


class AttachedFile(BaseModel):
    """A file as the person attached it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str


class IssueDocument(BaseModel):
    """What a clerk fills in to issue a signed document."""

    model_config = ConfigDict(extra="forbid")

    sender: Annotated[str, Field(alias="from")]
    to: Annotated[list[str], Field(min_length=1, max_length=500)]
    subject: Annotated[str, Field(min_length=1, max_length=2000)]
    attachments: Annotated[list[AttachedFile], Field(max_length=50)] = []
    document_type: Annotated[str, Field(min_length=1, max_length=100)] = "Công văn"


class Office:
    """Table `documents`: key DocumentId for what went out, `DocumentId|agency` for what came in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.documents = context.state.table("documents")
        self.outbox = context.state.table("outbox")
        self.files = context.state.table("files")

    def issue(self, body: IssueDocument) -> Record:
        """Issue a document; it waits in the outbox until the next round."""
        sender = self._context.population.agency(body.sender)
        if sender is None or not sender.province:
            raise HTTPException(422, f"from: {body.sender} is not an agency on this iOffice")
        if bad := [organ_id for organ_id in body.to if not identifiers.is_organization_id(organ_id)]:
            raise HTTPException(422, f"to: not organization ids: {', '.join(bad)}")
        document = self._document(sender, body)
        self._queue(edxml.write(document), "edoc", sender.id, document.document_id)
        self._record(document, document.document_id, "out", sender.id)
        return {"document_id": document.document_id, "code": document.code}

    def _document(self, sender: Agency, body: IssueDocument) -> edxml.EdxmlDocument:
        now = self._context.clock.now()
        number = str(self._context.state.next(f"number:{sender.id}:{now.year}"))
        notation = "UBND-VX" if sender.level == 1 else f"{sender.code.replace('.', '')}-VP"
        return edxml.EdxmlDocument(
            sender=_organ(sender, sender.id), recipients=tuple(_organ(self._context.population.agency(one), one) for one in body.to),
            number=number, notation=notation, promulgation_date=now.date(), place="Kon Tum", type_name=body.document_type,
            document_id=identifiers.document_id(sender.id, now.date(), f"{number}/{notation}"), subject=body.subject, content=body.subject,
            signer=edxml.EdxmlSigner("KT. CHỦ TỊCH", "Phó Chủ tịch", "Nguyễn Mô Phỏng"), promulgation_amount=1, page_amount=2,
            traces=(edxml.EdxmlTrace(sender.id, now.replace(microsecond=0)),),
            attachments=tuple(_attachment(index, file) for index, file in enumerate(body.attachments)),
        )  # fmt: skip

    def take_in(self, document: edxml.EdxmlDocument, agency: str) -> None:
        """Book a document that came for one of our agencies, once, and report 01."""
        key = f"{document.document_id or document.code}|{agency}"
        if key not in self.documents:
            self._record(document, key, "in", agency)
            self.report(key, "01", "Đã đến: phần mềm QLVB đã nhận, văn thư chưa xử lý")

    def report(self, key: str, code: str, description: str) -> None:
        """Set an incoming document's status and queue it for the issuer."""
        row = self.documents.get(key)
        if row is None:
            return
        agency = str(row["agency"])
        now = self._context.clock.now().replace(microsecond=0)
        day = datetime.strptime(str(row["promulgated_on"]), "%Y/%m/%d").replace(tzinfo=VIETNAM).date()
        about = edxml.EdxmlResponseFor(str(row["from"]), str(row["code"]), day, str(row["document_id"]))
        sender = _organ(self._context.population.agency(agency), agency)
        staff = edxml.EdxmlStaff("Văn phòng", "Phạm Mô Phỏng")
        status = edxml.EdxmlStatus(sender, about, code, description, now, staff)
        self._queue(edxml.write(status), "status", agency, f"{key}|{code}")
        note: Record = {"code": code, "organ_id": agency, "description": description, "at": now.isoformat()}
        self.documents.put(
            key, {**row, "status": code, "statuses": [*cast("list[JsonValue]", row["statuses"]), note]}
        )

    def note(self, status: edxml.EdxmlStatus) -> None:
        """Enter what a receiver reports about a document of ours: once each; a later state never falls back."""
        about = status.response_for.document_id
        row = self.documents.get(about)
        if row is None:
            return
        note: Record = {
            "code": status.status_code, "organ_id": status.sender.id, "description": status.description,
            "at": status.timestamp.isoformat() if status.timestamp else "",
        }  # fmt: skip
        statuses = cast("list[JsonValue]", row["statuses"])
        if note in statuses:
            return
        current = str(row["status"])
        advances = (
            status.status_code not in ORDER
            or current not in ORDER
            or ORDER.index(status.status_code) > ORDER.index(current)
        )
        self.documents.put(
            about,
            {**row, "status": status.status_code if advances else current, "statuses": [*statuses, note]},
        )

    def _queue(self, raw: bytes, kind: str, sender: str, about: str) -> None:
        key = f"{self._context.state.next('outbox'):09d}"
        self.outbox.put(
            key, {"kind": kind, "from": sender, "about": about, "edxml": base64.b64encode(raw).decode()}
        )

    def _record(self, document: edxml.EdxmlDocument, key: str, direction: str, agency: str) -> None:
        attachments: list[JsonValue] = []
        for file in document.attachments:
            digest = hashlib.sha256(file.content).hexdigest()
            self.files.put(digest, {"name": file.name, "content": base64.b64encode(file.content).decode()})
            attachments.append({"name": file.name, "size": len(file.content), "sha256": digest})
        self.documents.put(key, {
            "document_id": document.document_id, "direction": direction, "agency": agency, "from": document.sender.id,
            "from_name": document.sender.name, "to": [one.id for one in document.recipients], "code": document.code,
            "type": document.type_name, "subject": document.subject, "signer": document.signer.name,
            "promulgated_on": f"{document.promulgation_date:%Y/%m/%d}", "attachments": attachments, "status": "", "statuses": [],
            "sending": "waiting" if direction == "out" else "",
        })  # fmt: skip


def _organ(agency: Agency | None, organ_id: str) -> edxml.EdxmlOrgan:
    if agency is None:
        return edxml.EdxmlOrgan(organ_id, organ_id)
    return edxml.EdxmlOrgan(
        agency.id, agency.name, agency.name, agency.address, agency.email, agency.telephone
    )


def _attachment(index: int, file: AttachedFile) -> edxml.EdxmlAttachment:
    try:
        content = base64.b64decode(file.content_base64, validate=True)
    except binascii.Error as exc:
        raise HTTPException(422, f"attachments/{index}/content_base64: {exc}") from exc
    return edxml.EdxmlAttachment(
        f"cid:{index + 1}", file.name, content, file.name, "application/octet-stream"
    )
