"""The short way: a packet that is as the regulation has it, to the letter, needs no putting right."""

from lgsp.standards.edxml.kept import whole
from lgsp.standards.edxml.schema import DSIG, NAMESPACE, validator
from lgsp.standards.edxml.shaped import Shaped
from lgsp.standards.xml import Element

__all__ = ["MAX_REPEATED", "is_plain"]

MAX_REPEATED = 1000
"""How often an element may stand in one place."""

_Q = f"{{{NAMESPACE}}}"
_MAY_BE_EMPTY = frozenset({f"{_Q}edXMLManifest", f"{_Q}AttachmentEncoded"})


def is_plain(shaped: Shaped) -> bool:
    """Whether the packet has no fault and no habit; then its signature is taken out, else nothing is touched."""
    header = shaped.root.find(f"{_Q}edXMLEnvelope/{_Q}edXMLHeader")
    if header is None:
        return False
    signatures = header.findall(f"{_Q}Signature") + header.findall(f"{{{DSIG}}}Signature")
    if len(signatures) > 1 or any(each.tail and not each.tail.isspace() for each in signatures):
        return False
    places = [header.index(each) for each in signatures]
    for signature in signatures:
        header.remove(signature)
    if all(map(_is_usual, shaped.root.iter())) and validator(shaped.kind).validate(shaped.root):
        for signature in signatures:
            shaped.signature = whole(shaped, signature)
        return True
    for place, signature in zip(places, signatures, strict=True):
        header.insert(place, signature)
    return False


def _is_usual(element: Element) -> bool:
    """What an XSD would let pass, but has to be looked at."""
    size = len(element)
    if size == 0:
        text = element.text
        if (text != text.strip()) if text else (element.tag not in _MAY_BE_EMPTY):
            return False
    # An attribute with a namespace may be a hint to a schema, which the validator would follow.
    if element.attrib and any(str(name)[0] == "{" for name in element.attrib):
        return False
    return size <= MAX_REPEATED and str(element.tag).startswith(_Q)
