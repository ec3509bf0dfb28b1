"""The fields of a form, read from a JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

__all__ = ["Field", "fields_of"]

_TEXTS = frozenset({"string", "date", "date-time"})


@dataclass(frozen=True, slots=True)
class Field:
    """`type` is JSON's name of it, or date or date-time; `values` are those of a closed list."""

    name: str
    type: str
    needed: bool
    values: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Written as it is; others are written as JSON."""
        return self.type in _TEXTS


def fields_of(schema: Mapping[str, JsonValue]) -> list[Field]:
    """Every property but `signatures`: verdicts on those are the bus's own to give."""
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    found = []
    for name, field in properties.items() if isinstance(properties, dict) else ():
        kind, values = _kind(schema, field)
        found.append(Field(name, kind, name in needed, tuple(values)))
    return [one for one in found if one.name != "signatures"]


def _kind(schema: Mapping[str, JsonValue], field: JsonValue) -> tuple[str, list[str]]:
    """JSON's name of the type; through references, and past a null that may stand instead."""
    if not isinstance(field, dict):
        return "string", []
    reference, choices, values = field.get("$ref"), field.get("anyOf"), field.get("enum")
    if isinstance(reference, str):
        definitions = schema.get("$defs")
        named = definitions.get(reference.rpartition("/")[2]) if isinstance(definitions, dict) else None
        return _kind(schema, named)
    if isinstance(choices, list):
        others = [one for one in choices if isinstance(one, dict) and one.get("type") != "null"]
        return _kind(schema, others[0] if others else None)
    form = field.get("format")
    kind = str(form if form in {"date", "date-time"} else field.get("type", "object"))
    return kind, [str(value) for value in values] if isinstance(values, list) else []
