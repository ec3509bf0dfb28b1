"""What a clerk of any agency fills in; the same for the province's iOffice and for the agencies outside."""

import base64
import binascii
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp_mocks.kit.problems import RefusedError

__all__ = [
    "AttachedFile",
    "IssueDocument",
    "RecallDocument",
    "ReplaceDocument",
    "TakeBack",
    "UpdateDocument",
    "attached",
]

DocumentId = Annotated[str, Field(min_length=1, max_length=300)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Subject = Annotated[str, Field(min_length=1, max_length=2000)]
Files = Annotated[list["AttachedFile"], Field(max_length=50)]


class Form(BaseModel):
    """Nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class AttachedFile(Form):
    """A file as the person attached it."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str


class IssueDocument(Form):
    """A new document. `priority`: 0 thường … 3 hỏa tốc; `due_on`: yyyy-MM-dd; `signed`: left open, four documents in five are."""

    sender: Annotated[str, Field(alias="from")]
    to: Annotated[list[str], Field(min_length=1, max_length=500)]
    subject: Subject
    attachments: Files = []
    document_type: Annotated[str, Field(min_length=1, max_length=100)] = "Công văn"
    priority: Annotated[int, Field(ge=0, le=3)] = 0
    due_on: Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = ""
    responds_to: Annotated[list[DocumentId], Field(max_length=20)] = []
    signed: bool | None = None


class RecallDocument(Form):
    """Thu hồi: the document is taken back from everybody who has it."""

    document_id: DocumentId
    reason: Reason


class TakeBack(Form):
    """Lấy lại (13): one receiver is asked to give the document back."""

    document_id: DocumentId
    organization: str
    reason: Reason


class UpdateDocument(Form):
    """Cập nhật: the subject changes, or receivers come and go."""

    document_id: DocumentId
    reason: Reason
    subject: Annotated[str, Field(max_length=2000)] = ""
    added: Annotated[list[str], Field(max_length=200)] = []
    removed: Annotated[list[str], Field(max_length=200)] = []


class ReplaceDocument(Form):
    """Thay thế: a new document takes the old one's place."""

    document_id: DocumentId
    reason: Reason
    subject: Subject
    attachments: Files = []


def attached(index: int, file: AttachedFile) -> edxml.EdxmlAttachment:
    """The form's file as the packet carries it."""
    try:
        content = base64.b64decode(file.content_base64, validate=True)
    except binascii.Error as exc:
        place = f"attachments/{index}/content_base64"
        raise RefusedError(422, f"{place}: {exc}", f"{place}: không phải base64") from exc
    return edxml.EdxmlAttachment(
        f"cid:{index + 1}", file.name, Content.of(content), file.name, "application/octet-stream"
    )
