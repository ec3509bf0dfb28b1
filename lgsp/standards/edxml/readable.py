"""Writing with the promise that the receiver can read it."""

from dataclasses import replace

from lgsp.standards.content import Content
from lgsp.standards.edxml.model import EdxmlDocument, EdxmlStatus
from lgsp.standards.edxml.patterns import fitting
from lgsp.standards.edxml.read import read
from lgsp.standards.edxml.schema import Kind
from lgsp.standards.edxml.write import draft, filled, write

__all__ = ["write_readable"]


def write_readable(packet: EdxmlDocument | EdxmlStatus) -> Content:
    """As `write_content`, of what `read` takes; files apart.

    What fits its pattern, as all do that break no rule, is not read; else it is, which also finds every fault with its line.

    Raises:
        InvalidMessageError: as `read`.
        ValueError: a character that XML 1.0 does not have.
    """
    skeleton, contents = draft(packet)
    if not _is_surely_readable(packet, skeleton):
        alone = replace(packet, attachments=()) if isinstance(packet, EdxmlDocument) else packet
        read(write(alone))
    return Content.of(filled(skeleton, contents) if contents else skeleton)


def _is_surely_readable(packet: EdxmlDocument | EdxmlStatus, skeleton: bytes) -> bool:
    kind: Kind = "document" if isinstance(packet, EdxmlDocument) else "status"
    # A signature is read by itself, which no pattern can promise.
    return not packet.signature and _is_complete(packet) and fitting(skeleton, kind) is not None


def _is_complete(packet: EdxmlDocument | EdxmlStatus) -> bool:
    """What a reader wants beyond the XSD; days and moments are real by their types."""
    business = packet.business
    if business is not None and business.doc_type in {1, 2} and not business.document_id:
        return False
    if business is not None and business.doc_type == 3 and not business.replacements:
        return False
    if isinstance(packet, EdxmlDocument):
        return True
    return bool(packet.response_for.document_id or packet.response_for.code)
