"""The packets of QCVN 102:2016/BTTTT as values; names follow the wire's elements."""

from dataclasses import dataclass
from datetime import date, datetime

from lgsp.errors import Fault
from lgsp.standards.content import Content

__all__ = [
    "EdxmlAttachment",
    "EdxmlBusiness",
    "EdxmlDocument",
    "EdxmlExtension",
    "EdxmlOrgan",
    "EdxmlReceiver",
    "EdxmlReplacement",
    "EdxmlResponseFor",
    "EdxmlSigner",
    "EdxmlStaff",
    "EdxmlStatus",
    "EdxmlTrace",
]


@dataclass(frozen=True, slots=True)
class EdxmlOrgan:
    """From, To."""

    id: str
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlResponseFor:
    """ResponseFor: another document."""

    organ_id: str
    code: str = ""
    promulgation_date: date | None = None
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlStaff:
    """StaffInfo."""

    department: str = ""
    staff: str = ""
    email: str = ""
    mobile: str = ""
    department_id: str = ""
    staff_id: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlSigner:
    """SignerInfo."""

    competence: str = ""
    position: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlReceiver:
    """Receiver of an update; `kind` is ReceiverType."""

    organ_id: str
    kind: int | None = None


@dataclass(frozen=True, slots=True)
class EdxmlReplacement:
    """ReplacementInfo."""

    document_id: str
    organ_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EdxmlBusiness:
    """Bussiness (sic). `doc_type`: 0 new, 1 recall, 2 update, 3 replace; `document_id` is the document that it concerns."""

    doc_type: int = 0
    document_id: str = ""
    reason: str = ""
    paper: bool | None = None
    document_info: bool | None = None
    document_receiver: bool | None = None
    receivers: tuple[EdxmlReceiver, ...] = ()
    replacements: tuple[EdxmlReplacement, ...] = ()
    staff: EdxmlStaff | None = None


@dataclass(frozen=True, slots=True)
class EdxmlTrace:
    """TraceHeader."""

    organ_id: str
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class EdxmlAttachment:
    """One file: manifest Reference and Attachment, joined by ContentId; `content` is the file itself, unpacked."""

    content_id: str
    name: str
    content: Content
    description: str = ""
    content_type: str = ""
    field_name: str = ""
    mime_type: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlExtension:
    """An element that the regulation does not define; `path` is that of its parent below the root, without prefixes."""

    path: str
    xml: str


@dataclass(frozen=True, slots=True)
class EdxmlDocument:
    """A new document, or a change of one (see `business`). Days are calendar days; None and empty: not there.

    `signature` is the XML of that element.
    """

    sender: EdxmlOrgan
    recipients: tuple[EdxmlOrgan, ...]
    number: str
    notation: str
    promulgation_date: date
    type_name: str
    subject: str
    document_id: str = ""
    place: str = ""
    type_code: int | None = None
    type_detail: int | None = None
    content: str = ""
    signer: EdxmlSigner = EdxmlSigner()
    due_date: date | None = None
    priority: int | None = None
    sphere: str = ""
    typer_notation: str = ""
    promulgation_amount: int | None = None
    page_amount: int | None = None
    direction: bool | None = None
    reply_fors: tuple[str, ...] = ()
    reference_codes: tuple[str, ...] = ()
    appendixes: tuple[str, ...] = ()
    responses: tuple[EdxmlResponseFor, ...] = ()
    steering_type: int | None = None
    task_codes: tuple[str, ...] = ()
    application_type: str = ""
    to_places: tuple[str, ...] = ()
    trace_id: str = ""
    trace_version: str = ""
    traces: tuple[EdxmlTrace, ...] = ()
    business: EdxmlBusiness | None = None
    attachments: tuple[EdxmlAttachment, ...] = ()
    manifest_version: str = "1.0"
    signature: str = ""
    extensions: tuple[EdxmlExtension, ...] = ()
    warnings: tuple[Fault, ...] = ()

    @property
    def change(self) -> int:
        """BussinessDocType: 0 new, 1 recall, 2 update, 3 replace."""
        return self.business.doc_type if self.business else 0

    @property
    def code(self) -> str:
        """Số/ký hiệu: `7816/VPCP-TTĐT`."""
        return f"{self.number}/{self.notation}"


@dataclass(frozen=True, slots=True)
class EdxmlStatus:
    """What `sender` reports about the document in `response_for`."""

    sender: EdxmlOrgan
    response_for: EdxmlResponseFor
    status_code: str
    description: str = ""
    timestamp: datetime | None = None
    staff: EdxmlStaff = EdxmlStaff()
    trace_id: str = ""
    trace_version: str = ""
    traces: tuple[EdxmlTrace, ...] = ()
    business: EdxmlBusiness | None = None
    signature: str = ""
    extensions: tuple[EdxmlExtension, ...] = ()
    warnings: tuple[Fault, ...] = ()
