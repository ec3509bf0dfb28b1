"""Brings a packet into the shape of its XSD: real senders' habits are put right and noted, the rest is faults with line and path."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from lxml import etree

from lgsp.standards.edxml.kept import take_out, whole
from lgsp.standards.edxml.plain import MAX_REPEATED, is_plain
from lgsp.standards.edxml.schema import NAMESPACE, Child, Model, root_model, validator
from lgsp.standards.edxml.shaped import MAX_FAULTS, Shaped
from lgsp.standards.edxml.skeleton import Cut
from lgsp.standards.xml import Element, local_name

__all__ = ["shape"]

OLDER_NAMESPACES = frozenset({"http://www.e-doc.vn/Schema/", "http://www.go.vn/eDoc"})
_SPELLINGS = {f"business{rest}": f"bussiness{rest}" for rest in ("", "doctype", "docreason", "documentinfo")}
_IN_HEADER = frozenset({"messageheader", "traceheaderlist", "signature"})
_VALUE = Model(())
_PREFIX = re.compile(r"/([^/:*\[\]]+):")
_HINTS = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
)
_IS_ALL_OWN = etree.XPath("count(//*) = count(//own:*)", namespaces={"own": NAMESPACE})
_STRANGERS = etree.XPath("//*[namespace-uri() != $own]")


def shape(root: Element, cuts: Mapping[str, Cut] | None = None) -> Shaped:
    """Check and put right; the tree is changed in place. `cuts`: by marker, what was cut out of it."""
    shaped = Shaped(root, cuts or {})
    if not _is_edxml(shaped):
        return shaped
    shaped.root = root = _wrapped(root)
    message = _below(root, "edxmlenvelope", "edxmlheader", "messageheader")
    if message is not None and _below(message, "statuscode") is not None:
        shaped.kind = "status"
    if not is_plain(shaped):
        _mend(shaped)
    return shaped


def _mend(shaped: Shaped) -> None:
    root, model = shaped.root, root_model(shaped.kind)
    _walk(shaped, root, model)
    if shaped.has("too_many"):
        return  # nobody reads the rest
    # Put right only now: until here every path names the place where the sender put it.
    _put_right(shaped, root, model, "")
    _check_values(shaped, model)


def _is_edxml(shaped: Shaped) -> bool:
    root, name = shaped.root, etree.QName(shaped.root)
    if name.localname.lower() not in {"edxml", "edxmlenvelope"}:
        wrong = f"the root is {name.localname}, expected edXML"
        shaped.fault(root, "root", wrong, f"phần tử gốc là {name.localname}, cần edXML")
        return False
    if name.namespace in OLDER_NAMESPACES:
        shaped.is_older = True
        shaped.warn(root, "namespace", f"older namespace {name.namespace}", "không gian tên thế hệ cũ")
    elif name.namespace != NAMESPACE:
        wrong = f"namespace {name.namespace!r}, expected {NAMESPACE}"
        shaped.fault(root, "namespace", wrong, f"không gian tên phải là {NAMESPACE}")
        return False
    own = {None, NAMESPACE, *OLDER_NAMESPACES}
    for element in () if _IS_ALL_OWN(root) else _STRANGERS(root, own=NAMESPACE):
        above = element.getparent()
        # What stands within another's element is that other's.
        if etree.QName(element).namespace in own and (above is None or etree.QName(above).namespace in own):
            element.tag = f"{{{NAMESPACE}}}{local_name(element)}"
    if name.localname.lower() == "edxml" and name.localname != "edXML":
        shaped.warn(
            root,
            "spelling",
            f"{name.localname}: the standard writes edXML",
            f"{name.localname}: tên chuẩn là edXML",
        )
        root.tag = f"{{{NAMESPACE}}}edXML"
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
    _check_attributes(shaped, parent, model)
    _check_between(shaped, parent)
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


def _check_attributes(shaped: Shaped, element: Element, model: Model) -> None:
    if not element.attrib:
        return
    # Gone before the XSD is asked: it would follow a sender's hint to a schema, and read that file.
    for name in _HINTS & set(map(str, element.attrib)):
        del element.attrib[name]
    if unknown := set(map(str, element.attrib)) - model.attributes:
        names = ", ".join(sorted(unknown))
        shaped.warn(
            element,
            "attribute",
            f"attributes that mean nothing here: {names}",
            f"thuộc tính ở đây không có ý nghĩa: {names}",
        )
        for name in unknown:
            del element.attrib[name]


def _check_between(shaped: Shaped, parent: Element) -> None:
    for text in (parent.text, *(each.tail for each in parent)):
        if text and not text.isspace():
            wrong = f"{text.strip()[:80]!r} stands between the elements"
            wrong_vi = f"{text.strip()[:80]!r} nằm lạc giữa các phần tử"
            shaped.fault(parent, "text", wrong, wrong_vi)
            return


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
    _check_attributes(shaped, element, _VALUE)
    if len(element):
        shaped.fault(
            element, "content", "a value is expected, not elements", "cần một giá trị, không phải phần tử con"
        )
    if text != text.strip():
        shaped.warn(
            element, "white_space", "white space around the value", "có khoảng trắng thừa quanh giá trị"
        )
        element.text = text.strip()


def _put_right(shaped: Shaped, parent: Element, model: Model, path: str) -> None:
    """The regulation's order; what it does not know, and the signature, are taken out."""
    known, twins = model.places, Counter(str(each.tag) for each in parent)
    kept: list[tuple[int, Element]] = []
    seen: Counter[str] = Counter()
    for element in list(parent):
        element.tail = None
        place, child = known.get(str(element.tag), (-1, None))
        if child is None:
            take_out(shaped, element, path)
        elif child.model is None:
            if (element.text or "").strip():
                kept.append((place, element))
        elif child.name == "Signature":
            shaped.signature = whole(shaped, element)
        else:
            seen[child.name] += 1
            number = f"[{seen[child.name]}]" if twins[str(element.tag)] > 1 else ""
            _put_right(shaped, element, child.model, f"{path}/{child.name}{number}")
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
    for entry in islice(schema.error_log, MAX_FAULTS):
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
    # Whatever is still in the tree is in the one namespace, by whatever prefix its sender calls that.
    own = dict.fromkeys(_PREFIX.findall(path or ""), NAMESPACE)
    found = root.getroottree().xpath(path, namespaces=own) if path else None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], Element) else root


def _explain(element: Element, model: Model, into: dict[Element, Child]) -> None:
    known = {child.name: child for child in model.children}
    for each in element:
        child = known.get(local_name(each))
        if child is not None:
            into[each] = child
            if child.model is not None:
                _explain(each, child.model, into)
