"""One pattern for a whole packet as real senders write it: what fits is well-formed, valid by the XSD, and without any habit.

It is made of the XSD's own order of elements. Nothing that needs XML's finer points fits: an entity, CDATA, a comment, another prefix.
"""

import re
from functools import lru_cache

from lgsp.standards.edxml.plain import MAX_REPEATED
from lgsp.standards.edxml.schema import DSIG, NAMESPACE, Child, Kind, Model, root_model

__all__ = ["MAX_BYTES", "fitting", "part_of"]

MAX_BYTES = 60_000
"""Below, nothing that bounds what a parser takes (numbers and lengths) can be reached."""

_GAP = r"[ \t\r\n]*+"
_NOT = r"<>&\x00-\x08\x0b-\x1f"
_BIDI = r"/\\:\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_DAY = "[12][0-9]{3}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])"
_ORGAN_ID = (
    r"(?=[A-Za-z0-9._\-]{1,64}<)(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(?:\.[0-9]{1,3}){0,3}"
    r"|[A-Za-z][A-Za-z0-9_-]{0,31}(?:\.[A-Za-z0-9_-]{1,32}){1,5})"
)


def _words(most: int) -> str:
    return rf"(?!\s)[^{_NOT}]{{1,{most}}}+(?<!\s)"


_VALUES = {
    "Text": _words(20_000),
    "Words": _words(4_000),
    "ContentId": _words(255),
    "FileName": rf"(?!\s)\.{{0,2}}[^{_NOT}\t\n{_BIDI}.][^{_NOT}\t\n{_BIDI}]{{0,252}}(?<!\s)",
    "OrganId": _ORGAN_ID,
    "Day": _DAY,
    "Moment": f"{_DAY} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    "Number": "[0-9]{1,9}",
    "Priority": "0{0,9}[0-3]",
    "BusinessKind": "0{0,9}[0-3]",
    "Flag": "0|1|[Tt]rue|[Ff]alse|TRUE|FALSE",
    "StatusCode": "0[1-6]|13|15|16",
    "xs:base64Binary": "[^<]*+",
}
"""By simple type; an organization id as it has to be beyond the XSD."""

_SIGNATURE = rf'(?:(<Signature(?: xmlns="{DSIG}")?>[^&!?\r]*?</Signature>){_GAP})?+'
"""Whose text is to be read by an XML parser; without a namespace of its own it is in the packet's."""

_DECLARES = {"edXMLEnvelope", "ContentTransferEncoded"}
_MAY_BE_EMPTY = {"edXMLManifest", "AttachmentEncoded"}
_UNPREFIXED = {"AttachmentEncoded"}


def fitting(raw: bytes, kind: Kind) -> "re.Match[str] | None":
    """The match of a packet of that kind: its values in the XSD's order, and as one text each what may be there several times."""
    if len(raw) > MAX_BYTES:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    found = _whole(kind).fullmatch(text)
    return None if "\ufffe" in text or "\uffff" in text else found


@lru_cache(maxsize=2)
def _whole(kind: Kind) -> "re.Pattern[str]":
    declaration = rf"""(?:<\?xml version=["']1\.0["'] encoding=["'](?i:utf-8)["']\?>{_GAP})?"""
    packet = _sequence(root_model(kind), prefix="edXML:", is_repeated=False)
    return re.compile(f'{declaration}<edXML xmlns="{NAMESPACE}">{_GAP}{packet}</edXML>{_GAP}')


@lru_cache(maxsize=32)
def part_of(kind: Kind, *path: str) -> "re.Pattern[str]":
    """For what may be there several times, each by itself; `path` from below the root."""
    model, prefix = root_model(kind), "edXML:"
    for name in path:
        child = next(each for each in model.children if each.name == name)
        prefix = "" if name in _UNPREFIXED else prefix
        model = child.model or model
    return re.compile(_element(child, prefix, is_repeated=False))


def _sequence(model: Model, prefix: str, *, is_repeated: bool) -> str:
    return "".join(
        _SIGNATURE
        if child.name == "Signature"
        else _occurring(child, "" if child.name in _UNPREFIXED else prefix, is_repeated=is_repeated)
        for child in model.children
    )


def _occurring(child: Child, prefix: str, *, is_repeated: bool) -> str:
    if child.repeats:
        least = 1 if child.required else 0
        many = f"(?:{_element(child, prefix, is_repeated=True)}){{{least},{MAX_REPEATED}}}+"
        return many if is_repeated else f"({many})"
    one = _element(child, prefix, is_repeated=is_repeated)
    return one if child.required else f"(?:{one})?+"


def _element(child: Child, prefix: str, *, is_repeated: bool) -> str:
    name = f"edXML:{child.name}" if child.name == "ContentTransferEncoded" else f"{prefix}{child.name}"
    group = "?:" if is_repeated else ""
    declared = f' xmlns:edXML="{NAMESPACE}"' if child.name in _DECLARES else ""
    if child.model is None:
        return f"<{name}{declared}>({group}{_VALUES[child.type]})</{name}>{_GAP}"
    attributes = "".join(
        rf'(?: {each}="({group}[^{_NOT}"\t\n]*+)")?+' for each in sorted(child.model.attributes)
    )
    inner = _sequence(child.model, prefix, is_repeated=is_repeated)
    if child.name in _MAY_BE_EMPTY:
        return f"<{name}{attributes}{declared}(?:/>|>{_GAP}{inner}</{name}>){_GAP}"
    # An element without anything in it means nothing.
    return f"<{name}{attributes}{declared}>{_GAP}(?!</){inner}</{name}>{_GAP}"
