"""What a new JSON Schema breaks for programs that were built for the old one.

A *reader* breaks where the new schema lets something through that the old one refuses; a *writer* breaks where the new one refuses what the
old one let through. Each keyword is judged by itself, so a verdict of "safe" is never wrong; "breaks" may be too careful.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from lgsp.contracts.words import WORDS

__all__ = ["Change", "compare", "compare_all"]

Schema = Mapping[str, JsonValue]
_FALSE: Schema = {"not": {}}
_ANNOTATIONS = frozenset(
    {"$id", "$schema", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"}
    | {"readOnly", "writeOnly", "discriminator", "contentMediaType", "contentEncoding"}
)
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ALL_TYPES = frozenset({"null", "boolean", "object", "array", "integer", "fraction", "string"})
_JUDGED = frozenset(
    {"type", "enum", "const", "required", "properties", "additionalProperties", "items", "anyOf", "oneOf"}
    | {"allOf", "$ref", "pattern", "format", "uniqueItems"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where (JSON Pointer into the data's schema), whom it breaks, and in words."""

    pointer: str
    code: str
    breaks_readers: bool
    breaks_writers: bool
    message: str
    message_vi: str

    @property
    def breaks(self) -> str:
        """Whom, in a word for people."""
        names = {"readers · bên đọc": self.breaks_readers, "writers · bên gửi": self.breaks_writers}
        return ", ".join(name for name, broken in names.items() if broken)


def compare(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Every change that matters to somebody; none where each takes what the other takes."""
    return () if old == new else tuple(dict.fromkeys(_Comparison(old, new).changes(old, new, "")))


def compare_all(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[tuple[str, Change]]:
    """The changes of every schema by name; one that is gone breaks both sides, and one that is new breaks nobody."""
    for name, schema in old.items():
        if name in new:
            yield from ((name, change) for change in compare(schema, new[name]))
        else:
            yield name, _change("", "gone", name, True, True)


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._roots = (old, new)
        self._open: set[tuple[int, int]] = set()

    def changes(self, old: JsonValue | Schema, new: JsonValue | Schema, at: str) -> Iterator[Change]:
        a, b = self._resolved(old, 0), self._resolved(new, 1)
        pair = (id(a), id(b))
        if pair in self._open or (a == b and "$ref" not in repr(a)):
            return
        self._open.add(pair)
        try:
            yield from self._node(a, b, at)
        finally:
            self._open.discard(pair)

    def _node(self, a: Schema, b: Schema, at: str) -> Iterator[Change]:
        nothing_a, nothing_b = a.get("not") == {}, b.get("not") == {}
        if nothing_a or nothing_b:
            if nothing_a != nothing_b:
                yield _change(at, "allowed" if nothing_a else "forbidden", "", nothing_a, nothing_b)
            return
        if "anyOf" in a or "anyOf" in b:
            yield from self._alternatives(a, b, at)
            beside = self._node(_without(a, "anyOf"), _without(b, "anyOf"), at)
            # Where one side alone has alternatives, what stands beside them limits that side only.
            yield from (
                each
                for each in beside
                if ("anyOf" in a or each.breaks_writers) and ("anyOf" in b or each.breaks_readers)
            )
            return
        yield from _types(a, b, at)
        if not _types_of(a) & _types_of(b):
            return
        for part in (_values, _bounds, _texts, _unknown):
            yield from part(a, b, at)
        yield from self._object(a, b, at)
        yield from self.changes(a.get("items", {}), b.get("items", {}), f"{at}/items")

    def _object(self, a: Schema, b: Schema, at: str) -> Iterator[Change]:
        wanted_a, wanted_b = _names(a), _names(b)
        for name in sorted(wanted_b - wanted_a):
            yield _change(f"{at}/{_escaped(name)}", "required", name, False, True)
        for name in sorted(wanted_a - wanted_b):
            yield _change(f"{at}/{_escaped(name)}", "optional", name, True, False)
        rest_a, rest_b = a.get("additionalProperties", {}), b.get("additionalProperties", {})
        properties_a, properties_b = _mapping(a.get("properties")), _mapping(b.get("properties"))
        for name in sorted({*properties_a, *properties_b}):
            place = f"{at}/{_escaped(name)}"
            if name not in properties_a and rest_a is False:
                yield _change(place, "added", name, True, False)
            elif name not in properties_b and rest_b is False:
                yield _change(place, "removed", name, False, True)
            else:
                yield from self.changes(properties_a.get(name, rest_a), properties_b.get(name, rest_b), place)
        if (rest_a is False) != (rest_b is False):
            yield _change(at, "opened" if rest_a is False else "closed", "", rest_a is False, rest_b is False)
        else:
            yield from self.changes(rest_a, rest_b, f"{at}/*")

    def _alternatives(self, a: Schema, b: Schema, at: str) -> Iterator[Change]:
        """Each alternative of one side must lie within one of the other's."""
        ours, theirs = _choices(a), _choices(b)
        yield from self._uncovered(theirs, ours, at, readers=True)
        yield from self._uncovered(ours, theirs, at, readers=False)

    def _uncovered(
        self, choices: list[JsonValue], others: list[JsonValue], at: str, *, readers: bool
    ) -> Iterator[Change]:
        def broken(choice: JsonValue, other: JsonValue) -> list[Change]:
            found = self.changes(other, choice, at) if readers else self.changes(choice, other, at)
            return [each for each in found if (each.breaks_readers if readers else each.breaks_writers)]

        for choice in choices:
            tries = [broken(choice, other) for other in others]
            if all(tries):
                near = [
                    found
                    for found in tries
                    if not any(e.pointer == (at or "/") and e.code == "type" for e in found)
                ]
                if near:
                    yield from min(near, key=len)
                else:
                    detail = self._named(choice, 1 if readers else 0)
                    yield _change(
                        at, "choice_added" if readers else "choice_gone", detail, readers, not readers
                    )

    def _named(self, choice: JsonValue, side: int) -> str:
        found = self._resolved(choice, side)
        return str(found.get("title") or _listed(found.get("type", "any")))

    def _resolved(self, schema: JsonValue | Schema, side: int) -> Schema:
        """Follow references within the document; one that leads nowhere lets everything through, as its name says nothing."""
        seen = 0
        while isinstance(schema, Mapping) and "$ref" in schema and seen < 50:
            target: JsonValue | Schema = self._roots[side]
            for step in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
                name = step.replace("~1", "/").replace("~0", "~")
                target = target.get(name, {}) if isinstance(target, Mapping) else {}
            siblings = {
                key: value for key, value in schema.items() if key != "$ref" and key not in _ANNOTATIONS
            }
            schema = {**cast("Schema", target), **siblings} if siblings else target
            seen += 1
        if isinstance(schema, bool):
            return {} if schema else _FALSE
        if not isinstance(schema, Mapping):
            return {}
        only = schema.get("allOf")
        if isinstance(only, list) and len(only) == 1 and not set(schema) - {"allOf"} - _ANNOTATIONS:
            return self._resolved(only[0], side)
        return _plain(schema)


def _plain(schema: Schema) -> Schema:
    """A tagged union's alternatives exclude each other, so one of them is any of them."""
    if "oneOf" in schema and "discriminator" in schema:
        return {"anyOf": schema["oneOf"], **_without(schema, "oneOf")}
    return schema


def _values(a: Schema, b: Schema, at: str) -> Iterator[Change]:
    was, now = _enum(a), _enum(b)
    if was is None and now is None:
        return
    if was is None or now is None:
        code = "enum_added" if was is None else "enum_dropped"
        yield _change(at, code, "", now is None, was is None)
        return
    if gone := [one for one in was if one not in now]:
        yield _change(at, "enum_narrowed", ", ".join(gone), False, True)
    if more := [one for one in now if one not in was]:
        yield _change(at, "enum_widened", ", ".join(more), True, False)


def _bounds(a: Schema, b: Schema, at: str) -> Iterator[Change]:
    for names, tighter in ((_LOWER, _more), (_UPPER, _less)):
        for name in names:
            was, now = _number(a.get(name)), _number(b.get(name))
            if was == now:
                continue
            narrowed = was is None or (now is not None and tighter(now, was))
            detail = f"{name}: {_shown(was)} → {_shown(now)}"
            yield _change(
                at, "bound_narrowed" if narrowed else "bound_widened", detail, not narrowed, narrowed
            )


def _texts(a: Schema, b: Schema, at: str) -> Iterator[Change]:
    """Keywords whose values can only be the same or not."""
    for name in ("pattern", "format"):
        was, now = a.get(name), b.get(name)
        if was != now:
            yield _change(at, name, f"{was or '–'} → {now or '–'}", was is not None, now is not None)
    unique_a, unique_b = bool(a.get("uniqueItems")), bool(b.get("uniqueItems"))
    if unique_a != unique_b:
        yield _change(at, "unique", "", unique_a, unique_b)


def _unknown(a: Schema, b: Schema, at: str) -> Iterator[Change]:
    judged = _ANNOTATIONS | _JUDGED - {"oneOf", "allOf"} | {*_LOWER, *_UPPER}
    for name in sorted((set(a) | set(b)) - judged):
        # One that is new only narrows, one that is gone only widens; of one that changed, nothing is known.
        if a.get(name) != b.get(name) or "$ref" in repr(a[name]) or (name == "patternProperties" and a != b):
            yield _change(at, "keyword", name, name in a, name in b)


def _change(at: str, code: str, detail: str, readers: bool, writers: bool) -> Change:
    english, vietnamese = WORDS[code]
    return Change(at or "/", code, readers, writers, english.format(detail), vietnamese.format(detail))


def _types(a: Schema, b: Schema, at: str) -> Iterator[Change]:
    was, now = _types_of(a), _types_of(b)
    if was != now:
        detail = f"{_listed(a.get('type', 'any'))} → {_listed(b.get('type', 'any'))}"
        yield _change(at, "type", detail, bool(now - was), bool(was - now))


def _types_of(schema: Schema) -> frozenset[str]:
    given = schema.get("type")
    if given is None:
        return _ALL_TYPES
    names = {str(name) for name in given} if isinstance(given, list) else {str(given)}
    return frozenset(names - {"number"} | ({"integer", "fraction"} if "number" in names else set()))


def _names(schema: Schema) -> set[str]:
    given = schema.get("required")
    return {str(name) for name in given} if isinstance(given, list) else set()


def _enum(schema: Schema) -> list[str] | None:
    if "const" in schema:
        return [_literal(schema["const"])]
    given = schema.get("enum")
    return [_literal(one) for one in given] if isinstance(given, list) else None


def _literal(value: JsonValue) -> str:
    return repr(value) if not isinstance(value, bool) else str(value).lower()


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _more(a: float, b: float) -> bool:
    return a > b


def _less(a: float, b: float) -> bool:
    return a < b


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _mapping(value: JsonValue) -> Schema:
    return value if isinstance(value, dict) else {}


def _choices(schema: Schema) -> list[JsonValue]:
    given = schema.get("anyOf")
    return given if isinstance(given, list) else [dict(schema)]


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}


def _listed(value: JsonValue) -> str:
    return " | ".join(map(str, value)) if isinstance(value, list) else str(value)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
