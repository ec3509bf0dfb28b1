"""Conditions on a message's data, by JSON Pointer (RFC 6901)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

__all__ = ["Condition", "pointer_value"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What one place of the data must be; every test that is set must hold.

    `equals` and `one_of` compare as JSON does; `exists` asks whether the place is there and not null; `matches` is a regular
    expression for the whole text.
    """

    pointer: str
    one_of: tuple[JsonValue, ...] | None = None
    exists: bool | None = None
    matches: str | None = None

    def failure(self, data: Mapping[str, JsonValue]) -> str:
        """Why it does not hold, in words; empty when it holds."""
        value = pointer_value(data, self.pointer)
        if self.exists is not None and (value is not None) != self.exists:
            return f"data{self.pointer} is {'absent' if self.exists else 'there'}"
        if self.one_of is not None and not any(_same(value, wanted) for wanted in self.one_of):
            return f"data{self.pointer} is {value!r}, wanted {' or '.join(map(repr, self.one_of))}"
        if self.matches is not None and not (isinstance(value, str) and re.fullmatch(self.matches, value)):
            return f"data{self.pointer} is {value!r}, which does not match {self.matches!r}"
        return ""


def pointer_value(data: Mapping[str, JsonValue], pointer: str) -> JsonValue:
    """The value at a JSON Pointer; None where there is nothing."""
    value: JsonValue = dict(data)
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _same(value: JsonValue, wanted: JsonValue) -> bool:
    """Equal as JSON values: `true` is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
