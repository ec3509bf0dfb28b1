"""Writing with the promise that the receiver can read it."""

from dataclasses import replace

from lgsp.standards import identifiers, xml
from lgsp.standards.content import Content
from lgsp.standards.edxml.model import EdxmlDocument, EdxmlStatus
from lgsp.standards.edxml.plain import is_plain
from lgsp.standards.edxml.read import read
from lgsp.standards.edxml.schema import NAMESPACE, Kind
from lgsp.standards.edxml.shaped import Shaped
from lgsp.standards.edxml.write import draft, filled, write
from lgsp.standards.xml import Element

__all__ = ["write_readable"]

_ORGAN_ID = f"{{{NAMESPACE}}}OrganId"
SURE_BYTES = 60_000
"""Below, nothing that bounds what a parser takes (numbers and lengths) can be reached."""


def write_readable(packet: EdxmlDocument | EdxmlStatus) -> Content:
    """As `write_content`, of what `read` takes; files apart.

    What is written plainly and breaks no rule is not parsed: a parser would make that tree again of its text. Only else the text is
    read, which also finds every fault with its line.

    Raises:
        InvalidMessageError: as `read`.
        ValueError: a character that XML 1.0 does not have.
    """
    root, contents = draft(packet)
    skeleton = xml.serialize(root)
    if len(skeleton) > SURE_BYTES or not _is_surely_readable(packet, root):
        alone = replace(packet, attachments=()) if isinstance(packet, EdxmlDocument) else packet
        read(write(alone))
    return Content.of(filled(skeleton, contents))


def _is_surely_readable(packet: EdxmlDocument | EdxmlStatus, root: Element) -> bool:
    if packet.signature or packet.extensions or not _is_complete(packet):
        return False
    kind: Kind = "document" if isinstance(packet, EdxmlDocument) else "status"
    ids = (each.text or "" for each in root.iter(_ORGAN_ID))
    return all(map(identifiers.is_organization_id, ids)) and is_plain(Shaped(root, kind=kind))


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
