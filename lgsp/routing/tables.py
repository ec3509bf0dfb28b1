"""Reads `[[routes]]` tables; every mistake is reported with its place."""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from lgsp.errors import ConfigurationError
from lgsp.message import TYPE_PREFIX
from lgsp.routing.conditions import Condition
from lgsp.routing.router import Route
from lgsp.routing.signatures import SignaturePolicy

__all__ = ["place_of", "read_routes"]

_Words = Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(strict=False)]
_TESTS = ("equals", "in", "exists", "matches")


class _Table(BaseModel):
    """One `[[routes]]` table as it is typed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = ""
    when: Annotated[_Words, Field(min_length=1)]
    to: Annotated[_Words, Field(min_length=1)]
    sender: _Words = ()
    recipients: _Words = ()
    recipients_not: _Words = ()
    data: dict[str, JsonValue] = Field(default_factory=dict)
    back: bool = False
    signature: SignaturePolicy = "off"


def read_routes(
    tables: Sequence[object], *, systems: Collection[str], kinds: Collection[str], file: str = "lgsp.toml"
) -> tuple[Route, ...]:
    """Check and build the routes; tables count from 0, as `routes[2].to`.

    Raises:
        ConfigurationError: every mistake of every table, one a line.
    """
    mistakes: list[str] = []
    routes: list[Route] = []
    names: set[str] = set()
    for number, table in enumerate(tables):
        found, own = _read(number, table, systems, kinds)
        if found and found.name in names:
            own.append(f"routes[{number}].name: {found.name!r} is taken by an earlier route")
        mistakes += own
        if found:
            names.add(found.name)
            routes.append(found)
    if mistakes:
        raise ConfigurationError("\n".join(f"{file}: {mistake}" for mistake in mistakes))
    return tuple(routes)


def place_of(loc: Sequence[str | int]) -> str:
    """A place in a TOML file: `routes[2].to[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".")


def _read(
    number: int, table: object, systems: Collection[str], kinds: Collection[str]
) -> tuple[Route | None, list[str]]:
    place = f"routes[{number}]"
    try:
        typed = _Table.model_validate(_listed(table))
    except ValidationError as exc:
        return None, [_worded(place, error["loc"], error["msg"], error["type"]) for error in exc.errors()]
    when = tuple(kind.removeprefix(TYPE_PREFIX) for kind in typed.when)
    mistakes = [
        f"{place}.to: unknown system {name!r}; known: {', '.join(sorted(systems)) or 'none'}{_nearest(name, systems)}"
        for name in typed.to
        if name not in systems
    ]
    mistakes += [
        f"{place}.when: no message type fits {pattern!r}{_nearest(pattern, kinds)}"
        for pattern in when
        if not any(fnmatchcase(kind, pattern) for kind in kinds)
    ]
    conditions: list[Condition] = []
    for pointer, test in typed.data.items():
        try:
            conditions.append(_condition(pointer, test))
        except ValueError as exc:
            mistakes.append(f"{place}.data.{pointer!r}: {exc}")
    route = Route(
        name=typed.name or place, when=when, to=typed.to, sender=typed.sender, recipients=typed.recipients,
        recipients_not=typed.recipients_not, data=tuple(conditions), back=typed.back,
        signature=typed.signature,
    )  # fmt: skip
    return route, mistakes


def _listed(table: object) -> object:
    """One word may be typed without brackets: `to = "axis"`."""
    if not isinstance(table, Mapping):
        return table
    lists = {"when", "to", "sender", "recipients", "recipients_not"}
    return {
        key: [value] if key in lists and isinstance(value, str) else value for key, value in table.items()
    }


def _condition(pointer: str, test: JsonValue) -> Condition:
    if not pointer.startswith("/"):
        raise ValueError('a JSON Pointer into the message\'s data begins with "/", as "/unit_id"')
    if not isinstance(test, dict):
        return Condition(pointer, one_of=(test,))
    unknown = sorted(set(test) - set(_TESTS))
    if unknown or not test:
        raise ValueError(f"unknown test {', '.join(unknown) or '(none)'}; known: {', '.join(_TESTS)}")
    if {"equals", "in"} <= set(test):
        raise ValueError('give either "equals" or "in"')
    one_of = (test["equals"],) if "equals" in test else _values(test.get("in"), given="in" in test)
    return Condition(pointer, one_of, _flag(test.get("exists")), _pattern(test.get("matches")))


def _values(value: JsonValue, *, given: bool) -> tuple[JsonValue, ...] | None:
    if not given:
        return None
    if not isinstance(value, list):
        raise ValueError('"in" needs a list')  # noqa: TRY004 - one kind of mistake for the caller
    return tuple(value)


def _flag(value: JsonValue) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError('"exists" is true or false')


def _pattern(value: JsonValue) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError('"matches" needs a regular expression in quotes')  # noqa: TRY004
    try:
        re.compile(value)
    except re.error as exc:
        raise ValueError(f"{value!r} is no regular expression: {exc}") from exc
    return value


def _worded(place: str, loc: Sequence[str | int], message: str, kind: str) -> str:
    where = place_of((place, *loc))
    if kind == "extra_forbidden":
        known = tuple(_Table.model_fields)
        return f"{where}: unknown key; known: {', '.join(known)}{_nearest(str(loc[-1]), known)}"
    return f"{where}: {message}"


def _nearest(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
