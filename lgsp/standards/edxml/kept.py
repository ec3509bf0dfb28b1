"""What is kept of a packet as it came: elements that the regulation does not define, and the signature."""

from lgsp.errors import InvalidMessageError
from lgsp.standards import xml
from lgsp.standards.edxml.model import EdxmlExtension
from lgsp.standards.edxml.shaped import Shaped
from lgsp.standards.edxml.skeleton import Cut
from lgsp.standards.xml import Element

__all__ = ["take_out", "whole"]

MAX_EXTENSIONS = 200
MAX_KEPT_TEXT = 1024 * 1024


def take_out(shaped: Shaped, element: Element, path: str) -> None:
    """Note an element that the regulation does not define, and the path of its parent."""
    if len(shaped.extensions) < MAX_EXTENSIONS:
        shaped.extensions.append(EdxmlExtension(path.removeprefix("/"), whole(shaped, element)))
    elif not shaped.has("too_many_unknown"):
        wrong = f"more than {MAX_EXTENSIONS} elements that are not defined here"
        shaped.fault(
            element, "too_many_unknown", wrong, f"quá {MAX_EXTENSIONS} phần tử không được định nghĩa"
        )


def whole(shaped: Shaped, element: Element) -> str:
    """The element's XML, also where something was cut out of it that only looked like a file."""
    for each in element.iter() if shaped.cuts else ():
        text = each.text or ""
        cut = shaped.cuts.get(text[: len(next(iter(shaped.cuts)))])
        if cut is not None:
            each.text = _restored(shaped, each, cut) + text[len(cut.marker) :]
    return xml.canonical(element)


def _restored(shaped: Shaped, element: Element, cut: Cut) -> str:
    if cut.end - cut.start > MAX_KEPT_TEXT:
        wrong = f"more than {MAX_KEPT_TEXT} bytes in an element that is not defined here"
        wrong_vi = f"phần tử không được định nghĩa ở đây dài quá {MAX_KEPT_TEXT} byte"
        shaped.fault(element, "unknown_too_large", wrong, wrong_vi)
        return ""
    try:
        return xml.parse(b"<text>" + b"".join(cut.chunks()) + b"</text>").text or ""
    except InvalidMessageError as exc:
        shaped.fault(element, "text", exc.faults[0].message, exc.faults[0].message_vi)
        return ""
