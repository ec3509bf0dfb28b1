"""Canonical XML of a packet whose files lie beside it: what is digested is the whole packet, what is in memory is the rest."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy

from lxml import etree

from lgsp.standards.xml import Element

__all__ = ["CanonicalError", "Contents", "canonical_document", "canonical_part"]

Contents = Mapping[str, Callable[[], Iterable[bytes]]]
"""By marker, what gives the text that stands in the real document where the marker stands in the skeleton."""

_XML = "{http://www.w3.org/XML/1998/namespace}"
_MARKER = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MARKED = re.compile(rb">([A-Za-z0-9._-]{1,100})</")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\n"


class CanonicalError(ValueError):
    """There is no canonical form of it; the reason in both languages."""

    def __init__(self, en: str, vi: str) -> None:
        super().__init__(en)
        self.vi = vi


def canonical_part(element: Element, *, exclusive: bool) -> bytes:
    """One element as the apex (Canonical XML 1.0, clause 2.4: in-scope namespaces and xml: attributes come along)."""
    if exclusive:
        return _canonical(element, exclusive=True)  # what is above it does not matter
    apex = etree.Element(element.tag, nsmap=element.nsmap)
    for above in reversed(list(element.iterancestors())):
        for name, value in above.attrib.items():
            if str(name).startswith(_XML):
                apex.set(name, value)
    for name, value in element.attrib.items():
        apex.set(name, value)
    apex.text = element.text
    apex.extend(deepcopy(child) for child in element)
    return _canonical(apex, exclusive=False)


def canonical_document(
    root: Element, signature: Element | None, contents: Contents, *, exclusive: bool
) -> Iterator[bytes]:
    """The document without its signature (XMLDSig, clause 6.6.4), each marker replaced by its content, piece by piece.

    Raises:
        CanonicalError: no canonical form, a marker that is not there exactly once, or a content that is not base64.
    """
    whole = _canonical(root if signature is None else _without(root, signature), exclusive=exclusive)
    position, missing = 0, set(contents)
    for found in _MARKED.finditer(whole) if contents else ():
        marker = found[1].decode()
        if marker not in contents:
            continue
        if marker not in missing:
            raise CanonicalError("a marker stands twice", "một dấu thay thế xuất hiện hai lần")
        missing.remove(marker)
        yield whole[position : found.start(1)]
        yield from _base64_text(contents[marker]())
        position = found.end(1)
    if missing:
        raise CanonicalError(
            f"{len(missing)} of the contents have no place in the document",
            f"{len(missing)} nội dung không có chỗ trong văn bản",
        )
    yield whole[position:]


def check_markers(contents: Contents) -> None:
    """Refuse markers that canonical XML might write in another way.

    Raises:
        ValueError: a mistake of the caller.
    """
    for marker in contents:
        if not _MARKER.fullmatch(marker):
            raise ValueError(f"{marker!r} can't be a marker; use letters, digits, '.', '_' and '-'")


def _canonical(element: Element, *, exclusive: bool) -> bytes:
    try:
        return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False)
    except (etree.LxmlError, ValueError) as exc:
        raise CanonicalError(f"no canonical form: {exc}", f"không có dạng chuẩn tắc: {exc}") from exc


def _without(root: Element, signature: Element) -> Element:
    copy = deepcopy(root)
    _remove(copy, _way_to(signature))
    return copy


def _way_to(element: Element) -> list[int]:
    way: list[int] = []
    parent = element.getparent()
    while parent is not None:
        way.append(parent.index(element))
        element, parent = parent, parent.getparent()
    return way[::-1]


def _remove(root: Element, way: list[int]) -> None:
    """Take an element out; the text behind it stays, which `remove` alone would take along."""
    parent = root
    for step in way[:-1]:
        parent = parent[step]
    element = parent[way[-1]]
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _base64_text(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Line ends as an XML parser makes them; only what is the same in canonical XML as in the document may pass."""
    ended_in_return = False
    for raw in chunks:
        chunk = raw[1:] if ended_in_return and raw.startswith(b"\n") else raw
        ended_in_return = raw.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if chunk.translate(None, _BASE64):
            raise CanonicalError("an attachment is not base64", "tệp đính kèm không phải base64")
        yield chunk
