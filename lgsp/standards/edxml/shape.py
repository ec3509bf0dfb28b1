"""Brings a packet into the shape of its XSD: real senders' habits are put right and noted, the rest is faults with line and path."""

from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from lgsp.errors import Fault
from lgsp.standards import xml
from lgsp.standards.edxml.model import EdxmlExtension
from lgsp.standards.edxml.schema import NAMESPACE, Child, Kind, Model, root_model, validator
from lgsp.standards.xml import Element, local_name, place_of

__all__ = ["Shaped", "shape"]

OLDER_NAMESPACES = frozenset({"http://www.e-doc.vn/Schema/", "http://www.go.vn/eDoc"})
_SPELLINGS = {f"business{rest}": f"bussiness{rest}" for rest in ("", "doctype", "docreason", "documentinfo")}
_IN_HEADER = frozenset({"messageheader", "traceheaderlist", "signature"})
_MAX_FAULTS = 200
MAX_EXTENSIONS = 200
MAX_REPEATED = 1000


@dataclass
class Shaped:
    """The packet's tree, put right, what was wrong with it, and what was taken out of it."""

    root: Element
    kind: Kind = "document"
    faults: list[Fault] = field(default_factory=list)
    extensions: list[EdxmlExtension] = field(default_factory=list)
    signature: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether there is a fault that is not a mere warning."""
        return any(not fault.warning for fault in self.faults)

    def fault(self, element: Element, code: str, message: str, message_vi: str, *, below: str = "") -> None:
        """Note a mistake in an element, or in a child of that name that is not there."""
        self._note(element, Fault(f"edxml.{code}", below, message, message_vi))

    def warn(self, element: Element, code: str, message: str, message_vi: str) -> None:
        """Note a habit that does no harm."""
        self._note(element, Fault(f"edxml.{code}", "", message, message_vi, warning=True))

    def _note(self, element: Element, fault: Fault) -> None:
        if sum(each.warning == fault.warning for each in self.faults) >= _MAX_FAULTS:
            return
        place = place_of(element) + (f"/{fault.place}" if fault.place else "")
        if any((each.code, each.place) == (fault.code, place) for each in self.faults):
            return
        line = element.sourceline or 0
        self.faults.append(Fault(fault.code, place, fault.message, fault.message_vi, line, fault.warning))


def shape(root: Element) -> Shaped:
    """Check and put right; the tree is changed in place."""
    shaped = Shaped(root)
    if not _is_edxml(shaped):
        return shaped
    shaped.root = root = _wrapped(root)
    message = _below(root, "edxmlenvelope", "edxmlheader", "messageheader")
    if message is not None and _below(message, "statuscode") is not None:
        shaped.kind = "status"
    model = root_model(shaped.kind)
    _walk(shaped, root, model)
    if any(fault.code == "edxml.too_many" for fault in shaped.faults):
        return shaped  # nobody reads the rest
    # Put right only now: until here every path names the place where the sender put it.
    _put_right(shaped, root, model)
    _check_values(shaped, model)
    return shaped


def _is_edxml(shaped: Shaped) -> bool:
    root, name = shaped.root, etree.QName(shaped.root)
    if name.localname.lower() not in {"edxml", "edxmlenvelope"}:
        wrong = f"the root is {name.localname}, expected edXML"
        shaped.fault(root, "root", wrong, f"phần tử gốc là {name.localname}, cần edXML")
        return False
    if name.namespace in OLDER_NAMESPACES:
        shaped.warn(root, "namespace", f"older namespace {name.namespace}", "không gian tên thế hệ cũ")
    elif name.namespace != NAMESPACE:
        wrong = f"namespace {name.namespace!r}, expected {NAMESPACE}"
        shaped.fault(root, "namespace", wrong, f"không gian tên phải là {NAMESPACE}")
        return False
    for element in root.iter():
        space = str(element.tag).rpartition("}")[0][1:]
        if not space or space in OLDER_NAMESPACES:
            element.tag = f"{{{NAMESPACE}}}{local_name(element)}"
    return True


def _wrapped(root: Element) -> Element:
    """An older root may stand straight over the message; it gets the elements between that the regulation wants."""
    if local_name(root).lower() == "edxmlenvelope":
        packet = etree.Element(f"{{{NAMESPACE}}}edXML")
        packet.sourceline = root.sourceline  # type: ignore[misc]  # the stub says that it can't be set; it can
        packet.append(root)
        packet.extend(each for each in root if local_name(each).lower() == "attachmentencoded")
        root = packet
    envelope = _below(root, "edxmlenvelope")
    if envelope is not None and _below(envelope, "edxmlheader") is None:
        moved = [each for each in envelope if local_name(each).lower() in _IN_HEADER]
        header = etree.Element(f"{{{NAMESPACE}}}edXMLHeader")
        header.sourceline = envelope.sourceline  # type: ignore[misc]  # as above
        envelope.insert(0, header)
        header.extend(moved)
    return root


def _below(element: Element, *path: str) -> Element | None:
    found: Element | None = element
    for step in path:
        found = (
            next((each for each in found if local_name(each).lower() == step), None)
            if found is not None
            else None
        )
    return found


def _walk(shaped: Shaped, parent: Element, model: Model) -> None:
    """Spelling, number and order of the children; then each of them."""
    found: dict[str, list[Element]] = {child.name: [] for child in model.children}
    for element in parent:
        child = _recognized(shaped, element, model)
        # An empty value says no more than none at all.
        if child is not None and (child.model is not None or (element.text or "").strip() or len(element)):
            found[child.name].append(element)
    for child in model.children:
        _check_number(shaped, parent, child, found[child.name])
        for element in found[child.name]:
            if child.model is None:
                _check_leaf(shaped, element)
            elif not child.model.opaque:
                _walk(shaped, element, child.model)
    rank = {name: place for place, name in enumerate(found)}
    ranks = [rank[local_name(each)] for each in parent if local_name(each) in rank]
    if ranks != sorted(ranks):
        names = ", ".join(name for name, elements in found.items() if elements)
        shaped.warn(parent, "order", f"the regulation's order is {names}", f"thứ tự chuẩn là {names}")


def _recognized(shaped: Shaped, element: Element, model: Model) -> Child | None:
    exact = model.places.get(str(element.tag))
    if exact is not None:
        return exact[1]
    name, space = local_name(element), etree.QName(element).namespace
    if space != NAMESPACE:
        return None
    known = model.folded
    child = known.get(name.lower()) or known.get(_SPELLINGS.get(name.lower(), ""))
    if child is None:
        note = f"{name} is not defined here; kept as it is"
        shaped.warn(element, "unknown", note, f"{name} không được định nghĩa ở đây; giữ nguyên")
        return None
    if name != child.name:
        note = f"{name}: the standard writes {child.name}"
        shaped.warn(element, "spelling", note, f"{name}: tên chuẩn là {child.name}")
        element.tag = f"{{{NAMESPACE}}}{child.name}"
    return child


def _check_number(shaped: Shaped, parent: Element, child: Child, elements: list[Element]) -> None:
    if child.required and not elements:
        wrong, wrong_vi = f"{child.name} is missing or empty", f"thiếu {child.name} hoặc để trống"
        shaped.fault(parent, "missing", wrong, wrong_vi, below=child.name)
    if len(elements) > MAX_REPEATED:
        wrong = f"{child.name} stands here {len(elements)} times, the limit is {MAX_REPEATED}"
        wrong_vi = f"{child.name} xuất hiện {len(elements)} lần, tối đa {MAX_REPEATED}"
        shaped.fault(parent, "too_many", wrong, wrong_vi, below=child.name)
        del elements[MAX_REPEATED:]
    if len(elements) > 1 and not child.repeats:
        wrong_vi = f"{child.name} chỉ được xuất hiện một lần"
        shaped.fault(elements[1], "repeated", f"{child.name} may stand only once here", wrong_vi)


def _check_leaf(shaped: Shaped, element: Element) -> None:
    text = element.text or ""
    if element.attrib:
        shaped.warn(element, "attribute", "attributes mean nothing here", "thuộc tính ở đây không có ý nghĩa")
        element.attrib.clear()
    if len(element):
        shaped.fault(
            element, "content", "a value is expected, not elements", "cần một giá trị, không phải phần tử con"
        )
    if text != text.strip():
        shaped.warn(
            element, "white_space", "white space around the value", "có khoảng trắng thừa quanh giá trị"
        )
        element.text = text.strip()


def _put_right(shaped: Shaped, parent: Element, model: Model) -> None:
    """The regulation's order; what it does not know, and the signature, are taken out."""
    known = model.places
    kept: list[tuple[int, Element]] = []
    for element in list(parent):
        element.tail = None
        place, child = known.get(str(element.tag), (-1, None))
        if child is None:
            if len(shaped.extensions) >= MAX_EXTENSIONS:
                wrong = f"more than {MAX_EXTENSIONS} elements that are not defined here"
                shaped.fault(
                    parent, "too_many_unknown", wrong, f"quá {MAX_EXTENSIONS} phần tử không được định nghĩa"
                )
                continue
            above = "/".join(place_of(parent).split("/")[2:])
            shaped.extensions.append(EdxmlExtension(above, xml.canonical(element)))
        elif child.model is None:
            if (element.text or "").strip():
                kept.append((place, element))
        elif child.name == "Signature":
            shaped.signature = xml.canonical(element)
        else:
            _put_right(shaped, element, child.model)
            kept.append((place, element))
    parent.text = None
    parent[:] = [element for _, element in sorted(kept, key=lambda each: each[0])]


def _check_values(shaped: Shaped, model: Model) -> None:
    """What the XSD says about values; whatever else it can say was said before, and of every element."""
    schema = validator(shaped.kind)
    if schema.validate(shaped.root):
        return
    explained: dict[Element, Child] = {}
    _explain(shaped.root, model, explained)
    seen: set[Element] = set()
    for entry in islice(schema.error_log, _MAX_FAULTS):
        element = _at(shaped.root, entry.path)
        child = explained.get(element)
        if element in seen:
            continue
        seen.add(element)
        if child is not None and child.wanted is not None:
            value = f"{(element.text or '')[:80]!r}"
            shaped.fault(
                element, "value", f"{value}: {child.wanted.message}", f"{value}: {child.wanted.message_vi}"
            )
        elif not shaped.is_broken:
            shaped.fault(element, "schema", entry.message, f"không đúng lược đồ: {entry.message}")


def _at(root: Element, path: str | None) -> Element:
    found = root.getroottree().xpath(path) if path else None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], Element) else root


def _explain(element: Element, model: Model, into: dict[Element, Child]) -> None:
    known = {child.name: child for child in model.children}
    for each in element:
        child = known.get(local_name(each))
        if child is not None:
            into[each] = child
            if child.model is not None:
                _explain(each, child.model, into)
