"""Writing with the promise that the receiver can read it."""

from dataclasses import replace

from lgsp.standards import xml
from lgsp.standards.content import Content
from lgsp.standards.edxml.model import EdxmlDocument, EdxmlStatus
from lgsp.standards.edxml.read import is_plainly_readable, read
from lgsp.standards.edxml.schema import Kind
from lgsp.standards.edxml.write import draft, filled, write

__all__ = ["write_readable"]

SURE_BYTES = 60_000
"""Below, nothing that bounds what a parser takes (numbers and lengths) can be reached."""


def write_readable(packet: EdxmlDocument | EdxmlStatus) -> Content:
    """As `write_content`, of what `read` takes; files apart.

    The tree that is written is read itself: what a parser would make of its text is that tree again. Only where that does not settle
    it, the text is parsed, which also finds every fault with its line.

    Raises:
        InvalidMessageError: as `read`.
        ValueError: a character that XML 1.0 does not have.
    """
    root, contents = draft(packet)
    skeleton = xml.serialize(root)
    kind: Kind = "document" if isinstance(packet, EdxmlDocument) else "status"
    foreign = packet.signature or packet.extensions
    if foreign or len(skeleton) > SURE_BYTES or not is_plainly_readable(root, kind, contents):
        alone = replace(packet, attachments=()) if isinstance(packet, EdxmlDocument) else packet
        read(write(alone))
    return Content.of(filled(skeleton, contents))
