"""What the axis reads from a packet: whose it is, for whom, and whether it was sent before."""

from dataclasses import dataclass, replace

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis.refusal import Refusal

__all__ = [
    "KINDS",
    "Letter",
    "Packet",
    "check_kind",
    "is_new",
    "is_status",
    "kind_of",
    "letter",
    "read",
    "says_the_same",
    "size_of_files",
]

KINDS = frozenset({"edoc", "status"})
Packet = edxml.EdxmlDocument | edxml.EdxmlStatus


@dataclass(frozen=True, slots=True)
class Letter:
    """`document_id` of the document that it is or is about; `receivers` by the ids that the packet has."""

    kind: str
    document_id: str
    title: str
    code: str
    receivers: tuple[str, ...]


def read(content: Content) -> Packet:
    """The packet.

    Raises:
        Refusal: 22 with every fault and its line.
    """
    try:
        return edxml.read(content)
    except InvalidMessageError as exc:
        faults = "; ".join(f"{fault.place} dòng {fault.line}: {fault.message_vi}" for fault in exc.faults)
        raise Refusal(ErrorCode.BAD_EDXML, faults) from exc


def is_status(packet: Packet) -> bool:
    """Whether it says how a document stands."""
    return isinstance(packet, edxml.EdxmlStatus)


def kind_of(packet: Packet) -> str:
    """Messagetype."""
    return "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc"


def check_kind(packet: Packet, claimed: str) -> None:
    """Whether the packet is what its sender calls it.

    Raises:
        Refusal: 22.
    """
    kind = kind_of(packet)
    if claimed not in {"", kind}:
        raise Refusal(ErrorCode.BAD_EDXML, f"messagetype {claimed!r} nhưng gói tin là {kind}")


def letter(packet: Packet) -> Letter:
    """What the exchange needs to know."""
    if isinstance(packet, edxml.EdxmlStatus):
        about = packet.response_for
        return Letter(
            "status",
            about.document_id or about.code,
            packet.description,
            packet.status_code,
            (about.organ_id,),
        )
    receivers = tuple(one.id for one in packet.recipients)
    return Letter("edoc", packet.document_id or packet.code, packet.subject, packet.code, receivers)


def is_new(packet: Packet) -> bool:
    """Whether it is a document that was not there before, and not a change of one."""
    return isinstance(packet, edxml.EdxmlDocument) and packet.change == 0


def size_of_files(packet: Packet) -> int:
    """Bytes of its attachments, unpacked."""
    return (
        0 if isinstance(packet, edxml.EdxmlStatus) else sum(file.content.size for file in packet.attachments)
    )


def says_the_same(one: Packet, other: Packet) -> bool:
    """Whether two packets of one document say the same, to whomever and along whichever way they went."""
    return _essence(one) == _essence(other)


def _essence(packet: Packet) -> Packet:
    if isinstance(packet, edxml.EdxmlStatus):
        return replace(packet, warnings=())
    return replace(packet, recipients=(), traces=(), warnings=())
