"""The one hardened XML parser: no DTD, no entities, no network, bounded size, depth and number of elements."""

import re

from lxml import etree

from lgsp.errors import Fault, InvalidMessageError

__all__ = ["Element", "canonical", "local_name", "parse", "place_of", "serialize"]

Element = etree._Element  # noqa: SLF001 - lxml has no public name for its element type

MAX_BYTES = 200 * 1024 * 1024
MAX_DEPTH = 64
MAX_ELEMENTS = 100_000
_PROLOG = 65_536
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{1,40})")
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")


def parse(raw: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """Parse, or say what is wrong and where.

    Raises:
        InvalidMessageError: empty, too large, too deep, not well-formed, with a DTD, or in another encoding than UTF-8.
    """
    if len(raw) > max_bytes:
        raise _refused(
            "xml.too_large",
            f"{len(raw)} bytes, the limit is {max_bytes}",
            f"quá lớn: {len(raw)} byte, tối đa {max_bytes}",
        )
    text = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"<"):
        hint = "UTF-16 is not accepted; send UTF-8" if text[:2] in _WIDE else "it does not begin with '<'"
        raise _refused("xml.not_xml", f"not XML: {hint}", "không phải XML UTF-8", line=1)
    declared = _ENCODING.match(text)
    if declared is not None and declared.group(1).lower() not in _UTF8:
        name = declared.group(1).decode("ascii", "replace")
        raise _refused(
            "xml.encoding",
            f"declared as {name}; send UTF-8, and say so",
            f"khai báo bảng mã {name}; hãy gửi UTF-8",
            line=1,
        )
    if _DOCTYPE.search(text[:_PROLOG]) or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refused(
            "xml.doctype",
            "a DTD or entity declaration is not accepted; remove it",
            "không chấp nhận DTD hoặc thực thể; hãy bỏ đi",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text, parser)  # noqa: TID251 - the one place
    except etree.XMLSyntaxError as exc:
        line, column = exc.position
        raise _refused(
            "xml.malformed", f"{exc.msg}", f"XML không đúng cú pháp, cột {column}: {exc.msg}", line=line
        ) from exc
    _check_shape(root)
    return root


def _check_shape(root: Element) -> None:
    depth, count = 0, 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH:
            raise _refused(
                "xml.too_deep", f"nested deeper than {MAX_DEPTH} levels", f"lồng sâu quá {MAX_DEPTH} cấp"
            )
        if count > MAX_ELEMENTS:
            raise _refused(
                "xml.too_many", f"more than {MAX_ELEMENTS} elements", f"quá {MAX_ELEMENTS} phần tử"
            )


def _refused(code: str, message: str, message_vi: str, *, line: int = 0) -> InvalidMessageError:
    return InvalidMessageError("XML", [Fault(code, "/", message, message_vi, line)])


def local_name(element: Element) -> str:
    """The name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def place_of(element: Element) -> str:
    """A readable XPath without namespaces: `/edXML/edXMLEnvelope/…/To[2]`."""
    steps = []
    node: Element | None = element
    while node is not None:
        before = sum(1 for _ in node.itersiblings(str(node.tag), preceding=True))
        alone = before == 0 and next(node.itersiblings(str(node.tag)), None) is None
        steps.append(local_name(node) if alone else f"{local_name(node)}[{before + 1}]")
        node = node.getparent()
    return "/" + "/".join(reversed(steps))


def canonical(element: Element) -> str:
    """Exclusive canonical XML of an element, which stands for itself: it declares what it uses.

    An element that has no canonical form (its namespace is a relative URI) is written as it is.
    """
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False).decode()
    except etree.C14NError:
        return etree.tostring(element, encoding="unicode", with_tail=False)


def serialize(root: Element) -> bytes:
    """UTF-8 with an XML declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
