"""A tree that is as the regulation has it, to the letter, as one with another prefix may be, needs no putting right."""

from lxml import etree

from lgsp.standards.edxml.kept import whole
from lgsp.standards.edxml.parts import one
from lgsp.standards.edxml.schema import DSIG, NAMESPACE, validator
from lgsp.standards.edxml.shaped import Shaped
from lgsp.standards.xml import Element

__all__ = ["MAX_REPEATED", "is_plain"]

MAX_REPEATED = 1000
"""How often an element may stand in one place."""

_Q = f"{{{NAMESPACE}}}"
_SIGNATURES = frozenset({f"{_Q}Signature", f"{{{DSIG}}}Signature"})
_HAS_FOREIGN_ATTRIBUTE = etree.XPath("boolean(//@*[namespace-uri() != ''])")
_MAY_BE_EMPTY = frozenset({f"{_Q}edXMLManifest", f"{_Q}AttachmentEncoded"})


def is_plain(shaped: Shaped) -> bool:
    """Whether the packet has no fault and no habit; then its signature is taken out, else nothing is touched."""
    header = one(shaped.root, "edXMLEnvelope", "edXMLHeader")
    if header is None:
        return False
    signatures = [each for each in header if each.tag in _SIGNATURES]
    if len(signatures) > 1 or any(each.tail and not each.tail.isspace() for each in signatures):
        return False
    within = {each for signature in signatures for each in signature.iter()}
    if not (_is_usual(shaped.root, within) and validator(shaped.kind).validate(shaped.root)):
        return False
    for signature in signatures:
        # Before it is taken out, which would change its prefixes, and with them what was signed.
        shaped.signature = whole(shaped, signature)
        header.remove(signature)
    return True


def _is_usual(root: Element, signature: set[Element]) -> bool:
    """Whether nothing is there, but in the signature, that an XSD would let pass, but has to be looked at."""
    # An attribute with a namespace may be a hint to a schema, which the validator would follow.
    if _HAS_FOREIGN_ATTRIBUTE(root):
        return False
    for element in root.iter():
        if element in signature:
            continue
        tag = str(element.tag)
        if not tag.startswith(_Q) or len(element) > MAX_REPEATED:
            return False
        if len(element) == 0:
            text = element.text
            if (text != text.strip()) if text else (tag not in _MAY_BE_EMPTY):
                return False
    return True
