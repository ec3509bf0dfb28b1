"""The XSDs of this room, and what follows from them: which element may stand where, how often, and what a value must be."""

import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from lxml import etree

from lgsp.standards import xml
from lgsp.standards.xml import Element

__all__ = ["DSIG", "NAMESPACE", "Child", "Kind", "Model", "Wanted", "root_model", "schema_file", "validator"]

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
Kind = Literal["document", "status"]
DSIG = "http://www.w3.org/2000/09/xmldsig#"
_FOLDER = Path(__file__).parent / "schema"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_own = threading.local()
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a simple type wants, in both languages."""

    message: str
    message_vi: str


@dataclass(frozen=True, slots=True)
class Child:
    """One element of a sequence. `model` is None for a value."""

    name: str
    model: "Model | None"
    wanted: Wanted | None
    required: bool
    repeats: bool
    type: str = ""


@dataclass(frozen=True)
class Model:
    """A complex type: its children in the regulation's order."""

    children: tuple[Child, ...]
    attributes: frozenset[str] = frozenset()
    opaque: bool = False

    @cached_property
    def folded(self) -> dict[str, Child]:
        """Children by name without regard to case."""
        return {child.name.lower(): child for child in self.children}

    @cached_property
    def places(self) -> dict[str, tuple[int, Child]]:
        """Place in the order, and child, by qualified name; a Signature may also be in its own namespace."""
        found = {f"{{{NAMESPACE}}}{child.name}": (place, child) for place, child in enumerate(self.children)}
        own = found.get(f"{{{NAMESPACE}}}Signature")
        return found | ({f"{{{DSIG}}}Signature": own} if own else {})


def schema_file(name: str) -> bytes:
    """The text of document.xsd, status.xsd or types.xsd."""
    return (_FOLDER / name).read_bytes()


@lru_cache(maxsize=2)
def root_model(kind: Kind) -> Model:
    """The content of edXML in a packet of that kind."""
    types = {}
    for file in ("types.xsd", f"{kind}.xsd"):
        for element in xml.parse(schema_file(file)):
            if element.get("name"):
                types[f"{xml.local_name(element)} {element.get('name')}"] = element
    return _model(types, types["element edXML"].get("type", ""))


def validator(kind: Kind) -> etree.XMLSchema:
    """This thread's validator: its list of errors is not to be shared."""
    found: etree.XMLSchema | None = getattr(_own, kind, None)
    if found is None:
        # lxml resolves the include relative to the file; both lie in this package.
        found = etree.XMLSchema(file=str(_FOLDER / f"{kind}.xsd"))
        setattr(_own, kind, found)
    return found


def _model(types: dict[str, Element], name: str) -> Model:
    found = types.get(f"complexType {name}")
    if found is None:
        return Model((), opaque=True)
    children = tuple(_child(types, each) for each in found.iter(f"{_XS}element"))
    return Model(children, frozenset(each.get("name", "") for each in found.iter(f"{_XS}attribute")))


def _child(types: dict[str, Element], element: Element) -> Child:
    name = element.get("type", "")
    simple = types.get(f"simpleType {name}")
    is_value = simple is not None or (name.startswith("xs:") and name != "xs:anyType")
    return Child(
        name=element.get("name", ""),
        model=None if is_value else _model(types, name),
        wanted=_wanted(simple) if simple is not None else None,
        required=element.get("minOccurs") != "0",
        repeats=element.get("maxOccurs") == "unbounded",
        type=name,
    )


def _wanted(simple: Element) -> Wanted:
    texts = {each.get(_LANG): (each.text or "").strip() for each in simple.iter(f"{_XS}documentation")}
    return Wanted(texts["en"], texts["vi"])
