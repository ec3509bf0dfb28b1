"""Conditions on a message's data, by JSON Pointer (RFC 6901)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from pydantic_core import to_json

from lgsp.remark import Remark, remark

__all__ = ["Condition", "pointer_value"]

_MOST_SAID = 200


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

    def failure(self, data: Mapping[str, JsonValue]) -> Remark | None:
        """Why it does not hold; None when it holds."""
        value = pointer_value(data, self.pointer)
        if self.exists is not None and (value is not None) != self.exists:
            if self.exists:
                return remark("route_absent", "data{place} is absent", place=self.pointer)
            return remark("route_there", "data{place} is there", place=self.pointer)
        if self.one_of is not None and not any(_same(value, wanted) for wanted in self.one_of):
            return remark(
                "route_value",
                "data{place} is {value}, wanted {wanted}",
                place=self.pointer,
                value=_said(value),
                wanted=" | ".join(map(_said, self.one_of)),
            )
        if self.matches is not None and not (isinstance(value, str) and re.fullmatch(self.matches, value)):
            return remark(
                "route_pattern",
                "data{place} is {value}, which does not match {wanted}",
                place=self.pointer,
                value=_said(value),
                wanted=self.matches,
            )
        return None


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


def _said(value: JsonValue) -> str:
    """As JSON has it, and not too much of it."""
    text = to_json(value).decode()
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…"


def _same(value: JsonValue, wanted: JsonValue) -> bool:
    """Equal as JSON values: `true` is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
