"""Putting elements that the regulation does not define back into a packet."""

from lxml import etree

from lgsp.standards import xml
from lgsp.standards.edxml.model import EdxmlExtension
from lgsp.standards.edxml.schema import NAMESPACE, Kind, Model, root_model
from lgsp.standards.xml import Element

__all__ = ["extend"]

_Q = f"{{{NAMESPACE}}}"


def extend(root: Element, extension: EdxmlExtension, kind: Kind) -> None:
    """Back under the parent that it had, also where that has nothing else in it."""
    parent, model = root, root_model(kind)
    for step in filter(None, extension.path.split("/")):
        name, _, index = step.partition("[")
        child = model.places.get(f"{_Q}{name}", (0, None))[1]
        if child is None or child.model is None:
            break
        same = parent.findall(f"{_Q}{name}")
        place = int(index.rstrip("]")) - 1 if index else 0
        parent = same[place] if place < len(same) else _inserted(parent, name, model)
        model = child.model
    parent.append(xml.parse(extension.xml.encode()))


def _inserted(parent: Element, name: str, model: Model) -> Element:
    """A new child where the regulation's order wants it."""
    element = etree.SubElement(parent, _Q + name)
    own = model.places[f"{_Q}{name}"][0]
    behind = (each for each in parent if model.places.get(str(each.tag), (-1,))[0] > own)
    if (after := next(behind, None)) is not None:
        after.addprevious(element)
    return element
