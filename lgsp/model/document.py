"""Documents (văn bản) and what is said about them (QCVN 102:2016, QĐ 28/2018/QĐ-TTg)."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WrapValidator

from lgsp.model.attachment import Attachment
from lgsp.model.base import Name, OrganizationId, Strict, Text
from lgsp.model.organization import Organization, Person, each_checked_once
from lgsp.standards import identifiers
from lgsp.standards.signatures import SignatureState

__all__ = [
    "ChangedReceiver",
    "Document",
    "DocumentChange",
    "DocumentNumber",
    "DocumentReference",
    "DocumentStatus",
    "DocumentStatusCode",
    "Replacement",
    "SignatureCheck",
    "SignatureState",
    "Signer",
    "overall_state",
]


_PART = AfterValidator(identifiers.check_document_number_part)


class DocumentNumber(Strict):
    """Số/ký hiệu: number (CodeNumber) and notation (CodeNotation), `7816/VPCP-TTĐT` (NĐ 30/2020/NĐ-CP)."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=20), _PART]
    notation: Annotated[str, StringConstraints(min_length=1, max_length=60), _PART]

    def __str__(self) -> str:
        return f"{self.number}/{self.notation}"


class DocumentReference(Strict):
    """Another document (ResponseFor): its issuer, số/ký hiệu, date of promulgation and DocumentId."""

    organization_id: OrganizationId
    code: Text = ""
    promulgated_on: date | None = Field(default=None, strict=False)
    document_id: Text = ""


class Signer(Strict):
    """Người ký: quyền hạn (competence, "TL. BỘ TRƯỞNG"), chức vụ, họ tên."""

    competence: Text = ""
    position: Text = ""
    name: Text = ""


def overall_state(verdicts: Iterable[tuple[str, str]], issuer: str) -> SignatureState:
    """What several verdicts (state, organization) say of a document together: the worst of them.

    Only the issuer's own signature makes it valid: a file that somebody else signed says nothing about who sends it.
    """
    found = {(state, organization == issuer) for state, organization in verdicts}
    for state in (SignatureState.INVALID, SignatureState.UNTRUSTED):
        if (state, True) in found or (state, False) in found:
            return state
    return SignatureState.VALID if (SignatureState.VALID, True) in found else SignatureState.UNSIGNED


class SignatureCheck(Strict):
    """The verdict on one signature, given by the adapter that saw it. `part`: "" the packet itself, or an attachment's name."""

    part: Annotated[str, StringConstraints(max_length=255)] = ""
    state: Annotated[SignatureState, Field(strict=False)]
    signer: Text = ""
    organization: Text = ""
    issuer: Text = ""
    serial: Text = ""
    signed_at: Annotated[AwareDatetime, Field(strict=False)] | None = None
    reason: Text = ""
    reason_vi: Text = ""
    warnings: Annotated[tuple[Text, ...], Field(strict=False)] = ()


class Document(Strict):
    """Data of `document.issued`, and the base of updates and replacements. `priority`: 0 thường … 3 hỏa tốc."""

    document_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    issuer: Organization
    recipients: Annotated[
        tuple[Organization, ...],
        Field(min_length=1, max_length=1000, strict=False),
        WrapValidator(each_checked_once),
    ]
    code: DocumentNumber
    promulgated_on: Annotated[date, Field(strict=False)]
    place: Text = ""
    type_code: Annotated[int, Field(ge=0)] = 1
    type_detail: Annotated[int, Field(ge=0)] = 0
    type_name: Name
    subject: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    content: Text = ""
    signer: Signer = Signer()
    due_on: date | None = Field(default=None, strict=False)
    priority: Annotated[int, Field(ge=0, le=3)] = 0
    sphere: Text = ""
    typist: Text = ""
    copies: Annotated[int, Field(ge=0)] = 0
    pages: Annotated[int, Field(ge=0)] = 0
    direction: bool = False
    steering_type: Annotated[int, Field(ge=0)] = 0
    reply_fors: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    reference_codes: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    task_codes: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    application_type: Text = ""
    appendixes: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    to_places: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    responds_to: Annotated[tuple[DocumentReference, ...], Field(strict=False)] = ()
    attachments: Annotated[tuple[Attachment, ...], Field(strict=False, max_length=200)] = ()
    signatures: Annotated[tuple[SignatureCheck, ...], Field(strict=False, max_length=201)] = ()

    @property
    def signature_state(self) -> SignatureState:
        """What all verdicts together say."""
        return overall_state([(each.state, each.organization) for each in self.signatures], self.issuer.id)


class Replacement(Strict):
    """ReplacementInfo: which document is replaced, and for whom."""

    document_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    organization_ids: Annotated[tuple[OrganizationId, ...], Field(strict=False)] = ()


class ChangedReceiver(Strict):
    """Receiver of an update; `kind` is ReceiverType (0 added, 1 taken out; assumed)."""

    organization_id: OrganizationId
    kind: Annotated[int, Field(ge=0)] = 0


class DocumentChange(Strict):
    """Data of `document.recalled`, `.updated`, `.replaced` (Bussiness with BussinessDocType 1, 2, 3).

    `concerns` is the DocumentId of the document that is recalled or changed; `document` is the packet that says so.
    """

    concerns: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    reason: Text = ""
    paper_follows: bool = False
    changes_information: bool = False
    changes_receivers: bool = False
    receivers: Annotated[tuple[ChangedReceiver, ...], Field(strict=False)] = ()
    staff: Person = Person()
    document: Document
    replacements: Annotated[tuple[Replacement, ...], Field(strict=False)] = ()


class DocumentStatusCode(StrEnum):
    """Trạng thái xử lý văn bản (QĐ 28/2018/QĐ-TTg)."""

    ARRIVED = "01"
    REFUSED = "02"
    REGISTERED = "03"
    ASSIGNED = "04"
    IN_PROGRESS = "05"
    COMPLETED = "06"
    TAKE_BACK = "13"
    AGREED = "15"
    DISAGREED = "16"


class DocumentStatus(Strict):
    """Data of `document.status`: who reports (`reporter`), about which document, to its issuer."""

    reporter: Organization
    about: DocumentReference
    status: Annotated[DocumentStatusCode, Field(strict=False)]
    description: Text = ""
    at: Annotated[AwareDatetime, Field(strict=False)]
    staff: Person = Person()
