"""Packets as XML (QCVN 120:2019 allows XML or JSON): ONE mapping for every service.

ASSUMED, since the regulation's schema was not at hand: the root is the service (`login` for mapi/login), each name is an element,
an item of a list is an `<item>`, nothing is an empty element. Attributes and namespaces carry no meaning.
"""

import re
from collections.abc import Mapping

from lxml import etree
from pydantic import JsonValue

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards import xml
from lgsp.standards.dvcqg.requests import REQUESTS, LoginRequest

__all__ = ["LOGIN_ROOT", "read_xml", "write_xml"]

LOGIN_ROOT = "login"
ITEM = "item"
MAX_BYTES = 50 * 1024 * 1024
_Schema = Mapping[str, object]
_ANYTHING: _Schema = {}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_xml(raw: bytes) -> dict[str, JsonValue]:
    """The packet as its JSON form has it, `service` from the root; the packet's own check says what else is wrong.

    Raises:
        InvalidMessageError: no safe XML, an element twice, something else than items in a list, or two different services.
    """
    root = xml.parse(raw, max_bytes=MAX_BYTES)
    name = xml.local_name(root)
    model = LoginRequest if name == LOGIN_ROOT else REQUESTS.get(name)
    schema: _Schema = model.model_json_schema() if model else _ANYTHING
    reader = _Reader(schema)
    packet = reader.read(root, {**schema, "type": "object"}, "")
    if reader.faults:
        raise InvalidMessageError(name, reader.faults)
    fields = packet if isinstance(packet, dict) else {}
    if name == LOGIN_ROOT:
        return fields
    if fields.setdefault("service", name) != name:
        message = f"the root says {name!r}, service says {fields['service']!r}"
        raise InvalidMessageError(
            name,
            [Fault("dvcqg.xml_service", "/service", message, f"phần tử gốc là {name!r}, khác với service")],
        )
    return fields


def write_xml(root: str, packet: Mapping[str, JsonValue]) -> bytes:
    """The packet as XML; a character that XML can't carry becomes U+FFFD."""
    element = etree.Element(root)
    _write(element, dict(packet))
    return xml.serialize(element)


class _Reader:
    """Walks the XML beside the JSON Schema of the packet: that alone tells an empty list from an empty text."""

    def __init__(self, schema: _Schema) -> None:
        definitions = schema.get("$defs")
        self._definitions: Mapping[str, object] = definitions if isinstance(definitions, dict) else {}
        self.faults: list[Fault] = []

    def read(self, element: xml.Element, schema: _Schema, place: str) -> JsonValue:
        schema = self._resolved(schema)
        kind = schema.get("type")
        if kind == "array":
            return self._items(element, _schema(schema.get("items")), place)
        # A child where a text should be stays an object, for the packet's check to complain about.
        if kind == "object" or len(element):
            return self._fields(element, _schema(schema.get("properties")), place)
        return _scalar((element.text or "").strip(), kind)

    def _items(self, element: xml.Element, schema: _Schema, place: str) -> JsonValue:
        items: list[JsonValue] = []
        for index, child in enumerate(element):
            if xml.local_name(child) != ITEM:
                self._fault(f"{place}/{index}", f"must be <{ITEM}>", f"phải là phần tử <{ITEM}>")
            items.append(self.read(child, schema, f"{place}/{index}"))
        if (element.text or "").strip():
            self._fault(place, "has text where items should be", f"có chữ ở chỗ của các phần tử <{ITEM}>")
        return items

    def _fields(self, element: xml.Element, schemas: _Schema, place: str) -> JsonValue:
        if len(element) and not schemas and all(xml.local_name(child) == ITEM for child in element):
            return self._items(element, _ANYTHING, place)
        fields: dict[str, JsonValue] = {}
        for child in element:
            name = xml.local_name(child)
            if name in fields:
                self._fault(f"{place}/{name}", "is there more than once", "xuất hiện nhiều lần")
            fields[name] = self.read(child, _schema(schemas.get(name)), f"{place}/{name}")
        return fields

    def _resolved(self, schema: _Schema) -> _Schema:
        """Through `$ref`, and for what may also be nothing, to what it otherwise is."""
        options = schema.get("anyOf")
        if isinstance(options, list):
            chosen = next((one for one in options if one.get("type") != "null"), _ANYTHING)
            return self._resolved(_schema(chosen))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._resolved(_schema(self._definitions.get(reference.rpartition("/")[2])))
        return schema

    def _fault(self, place: str, message: str, message_vi: str) -> None:
        self.faults.append(Fault("dvcqg.xml", place, message, message_vi))


def _schema(value: object) -> _Schema:
    return value if isinstance(value, dict) else _ANYTHING


def _scalar(text: str, kind: object) -> JsonValue:
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    if kind == "integer" and re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    return text


def _write(element: xml.Element, value: JsonValue) -> None:
    match value:
        case dict():
            for name, one in value.items():
                _write(etree.SubElement(element, name), one)
        case list():
            for one in value:
                _write(etree.SubElement(element, ITEM), one)
        case bool():
            element.text = "true" if value else "false"
        case None:
            pass
        case _:
            element.text = _NOT_IN_XML.sub("\ufffd", str(value))
