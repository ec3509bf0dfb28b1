"""The packets of QCVN 102:2016/BTTTT as values; names follow the wire's elements."""

from dataclasses import dataclass
from datetime import date, datetime

from lgsp.errors import Fault

__all__ = [
    "EdxmlAttachment",
    "EdxmlBusiness",
    "EdxmlDocument",
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
    kind: int = 0


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
    paper: bool = False
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
    content: bytes
    description: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class EdxmlDocument:
    """A new document, or a change of one (see `business`). Dates are calendar days."""

    sender: EdxmlOrgan
    recipients: tuple[EdxmlOrgan, ...]
    number: str
    notation: str
    promulgation_date: date
    type_name: str
    subject: str
    document_id: str = ""
    place: str = ""
    type_code: int = 1
    type_detail: int = 0
    content: str = ""
    signer: EdxmlSigner = EdxmlSigner()
    due_date: date | None = None
    priority: int = 0
    sphere: str = ""
    typer_notation: str = ""
    promulgation_amount: int = 0
    page_amount: int = 0
    direction: bool = False
    appendixes: tuple[str, ...] = ()
    responses: tuple[EdxmlResponseFor, ...] = ()
    steering_type: int = 0
    to_places: tuple[str, ...] = ()
    traces: tuple[EdxmlTrace, ...] = ()
    business: EdxmlBusiness = EdxmlBusiness()
    attachments: tuple[EdxmlAttachment, ...] = ()
    signed: bool = False
    warnings: tuple[Fault, ...] = ()

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
    warnings: tuple[Fault, ...] = ()
