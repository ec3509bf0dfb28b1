"""The one hardened XML parser: no DTD, no entities, no network, bounded size, depth and number of elements."""

import re

from lxml import etree

from lgsp.errors import Fault, InvalidMessageError

__all__ = ["Element", "canonical", "local_name", "parse", "place_of", "serialize"]

Element = etree._Element  # noqa: SLF001 - lxml has no public name for its element type

MAX_BYTES = 200 * 1024 * 1024
MAX_DEPTH = 64
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 256
"""Of one element."""

MAX_NAME = 1000
"""Characters of a name with its namespace: places and faults repeat it."""

MAX_ATTRIBUTE_VALUE = 65_536
_MAX_MARKUP = 4 * MAX_ELEMENTS
_MAX_ALL_ATTRIBUTES = 200_000
_LONGEST_MESSAGE = 300
_BOM = b"\xef\xbb\xbf"
# No declaration can stand behind the root's start tag: there, `<!` begins a comment or CDATA, or nothing that is XML.
_DOCTYPE = re.compile(rb"(?s)(?>(?:[ \t\r\n]+|(?><\?.*?\?>)|(?><!--.*?-->))*)<!(?!--)")
_DECLARATION = re.compile(rb"(?s)<\?xml[ \t\r\n].*?\?>")
_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']([^\"'>]{1,40})")
_ATTRIBUTE = re.compile(rb"=[ \t\r\n]*[\"']")
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
_WITH_ATTRIBUTES = etree.XPath("//@*/..")
_IS_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


def parse(raw: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """Parse, or say what is wrong and where; a byte-order mark and white space before the XML are let pass.

    Raises:
        InvalidMessageError: empty, too large, too deep, not well-formed, with a DTD, or in another encoding than UTF-8.
    """
    if len(raw) > max_bytes:
        raise _refused(
            "xml.too_large",
            f"{len(raw)} bytes, the limit is {max_bytes}",
            f"quá lớn: {len(raw)} byte, tối đa {max_bytes}",
        )
    text = _without_beginning(raw)
    _check_bounds(text)
    # What a parser knows of the text before it is not shared: it also holds what it found wrong.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text, parser)  # noqa: TID251 - the one place
    except etree.XMLSyntaxError as exc:
        line, column = exc.position
        said = (exc.msg or "")[:_LONGEST_MESSAGE]
        wrong_vi = f"XML không đúng cú pháp, dòng {line}, cột {column} «{said}»"
        raise _refused("xml.malformed", said, wrong_vi, line=line) from exc
    _check_shape(root)
    return root


def _without_beginning(raw: bytes) -> bytes:
    """Without byte-order mark; where white space stands before the declaration, with blanks for it, so that lines stay lines."""
    body = raw.removeprefix(_BOM)
    text = body.lstrip()
    blank = body[: len(body) - len(text)]
    if not text.startswith(b"<") or text[:2] in _WIDE:
        wide = text[:2] in _WIDE
        line, column = blank.count(b"\n") + 1, len(blank) - blank.rfind(b"\n")
        hint = "UTF-16 is not accepted; send UTF-8" if wide else "it does not begin with '<'"
        hint_vi = "không nhận UTF-16; hãy gửi UTF-8" if wide else "không bắt đầu bằng '<'"
        raise _refused(
            "xml.not_xml",
            f"not XML, line {line}, column {column}: {hint}",
            f"không phải XML UTF-8, dòng {line}, cột {column}: {hint_vi}",
            line=line,
        )
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return blank + text
    _check_encoding(declaration.group(), blank.count(b"\n") + 1)
    if not blank:
        return text
    return blank + re.sub(rb"[^\n]", b" ", declaration.group()) + text[declaration.end() :]


def _check_encoding(declaration: bytes, line: int) -> None:
    declared = _ENCODING.search(declaration)
    if declared is not None and declared.group(1).lower() not in _UTF8:
        name = declared.group(1).decode("ascii", "replace")
        raise _refused(
            "xml.encoding",
            f"declared as {name}; send UTF-8, and say so",
            f"khai báo bảng mã {name}; hãy gửi UTF-8",
            line=line,
        )


def _check_bounds(text: bytes) -> None:
    """Before a tree is made of it: each `<` and each attribute costs a hundred bytes of memory and more."""
    if declared := _DOCTYPE.match(text):
        raise _refused(
            "xml.doctype",
            "a DTD or entity declaration is not accepted; remove it",
            "không chấp nhận DTD hoặc thực thể; hãy bỏ đi",
            line=text.count(b"\n", 0, declared.end()) + 1,
        )
    if text.count(b"<") > _MAX_MARKUP:
        raise _too_many_elements()
    if text.count(b"=") > _MAX_ALL_ATTRIBUTES and len(_ATTRIBUTE.findall(text)) > _MAX_ALL_ATTRIBUTES:
        wrong_vi = f"quá {_MAX_ALL_ATTRIBUTES} thuộc tính"
        raise _refused("xml.too_many", f"more than {_MAX_ALL_ATTRIBUTES} attributes", wrong_vi)


def _check_shape(root: Element) -> None:
    if _IS_TOO_DEEP(root):
        raise _refused(
            "xml.too_deep", f"nested deeper than {MAX_DEPTH} levels", f"lồng sâu quá {MAX_DEPTH} cấp"
        )
    tags = [element.tag for element in root.iter()]
    if len(tags) > MAX_ELEMENTS:
        raise _too_many_elements()
    for tag in set(tags):
        if len(str(tag)) > MAX_NAME:
            raise _too_long(
                next(element for element in root.iter() if element.tag == tag),
                f"a name is longer than {MAX_NAME} characters",
                f"tên dài quá {MAX_NAME} ký tự",
            )
    for element in _WITH_ATTRIBUTES(root):
        _check_attributes(element)


def _check_attributes(element: Element) -> None:
    attributes = element.items()
    if len(attributes) > MAX_ATTRIBUTES:
        wrong, wrong_vi = f"more than {MAX_ATTRIBUTES} attributes", f"quá {MAX_ATTRIBUTES} thuộc tính"
        raise _too_long(element, wrong, wrong_vi)
    for name, value in attributes:
        if len(name) > MAX_NAME or len(value) > MAX_ATTRIBUTE_VALUE:
            raise _too_long(element, "an attribute is too long", "thuộc tính quá dài")


def _too_many_elements() -> InvalidMessageError:
    return _refused("xml.too_many", f"more than {MAX_ELEMENTS} elements", f"quá {MAX_ELEMENTS} phần tử")


def _too_long(element: Element, message: str, message_vi: str) -> InvalidMessageError:
    return _refused("xml.too_long", message, message_vi, line=element.sourceline or 0)


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
