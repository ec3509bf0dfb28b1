"""Whether a request is the one that was expected, and if not, what differs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Self, cast
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from lgsp.errors import InvalidMessageError
from lgsp.standards.xml import Element, canonical, local_name, parse

__all__ = ["Incoming", "RequestMatch", "differences"]

MOST_BYTES = 1024 * 1024
MOST_DIFFERENCES = 20
_SHOWN = 80
_STEP = re.compile(r"(//?)([^/\[\]]+)(?:\[(\d{1,4})\])?")


def _is_regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as exc:
        raise ValueError(f"no regular expression: {exc}") from exc
    return text


def _is_xml(text: str) -> str:
    try:
        parse(text.encode())
    except InvalidMessageError as exc:
        raise ValueError(f"no XML: {exc.what}") from exc
    except UnicodeEncodeError as exc:
        raise ValueError("no XML: half a surrogate pair") from exc
    return text


def _is_xml_path(text: str) -> str:
    if not re.fullmatch(rf"({_STEP.pattern})+", text):
        raise ValueError("write /Root/Child, //Child or //Child[2]; names without their prefix")
    return text


Short = Annotated[str, Field(max_length=1000)]
HeaderName = Annotated[
    str, Field(max_length=100, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
]  # a token of RFC 9110
Regex = Annotated[str, Field(max_length=500), AfterValidator(_is_regex)]
Text = Annotated[str, Field(max_length=MOST_BYTES)]
XmlPath = Annotated[str, Field(max_length=500), AfterValidator(_is_xml_path)]


class RequestMatch(BaseModel):
    """What a request must be; what is left out may be anything. In `query` and `headers`, null: must not be there, `~…`: a regular
    expression for the whole value. `json_equals`, `json_contains` (objects: these members; lists: each of these, anywhere),
    `json_at`: by JSON Pointer. `xml_equals`: canonically; `xml_at`: text by `/A/B`, `//B`, without prefixes; null: it is there.
    """

    model_config = ConfigDict(extra="forbid")

    method: Annotated[str, Field(pattern=r"^[A-Za-z]{1,20}$")] | None = None
    path: Short | None = None
    path_regex: Regex | None = None
    query: Annotated[dict[Short, Short | None], Field(max_length=50)] = {}
    headers: Annotated[dict[HeaderName, Short | None], Field(max_length=50)] = {}
    json_equals: JsonValue = None
    json_contains: JsonValue = None
    json_at: Annotated[dict[Short, JsonValue], Field(max_length=50)] = {}
    xml_equals: Annotated[Text, AfterValidator(_is_xml)] | None = None
    xml_at: Annotated[dict[XmlPath, str | None], Field(max_length=50)] = {}
    body_equals: Text | None = None
    body_contains: Annotated[list[Text], Field(max_length=50)] = []
    body_regex: Regex | None = None

    @model_validator(mode="after")
    def _patterns_are_read(self) -> Self:
        for value in [*self.query.values(), *self.headers.values()]:
            if value is not None and value.startswith("~"):
                _is_regex(value[1:])
        return self

    @property
    def wants_body(self) -> bool:
        """Whether the body must be read."""
        given = self.model_fields_set & {"json_equals", "json_contains"}
        return bool(
            given or self.json_at or self.xml_equals or self.xml_at or self.body_contains or self.body_regex
        ) or (self.body_equals is not None)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as the matchers see it; `body` None: it was not read, or is larger than a mebibyte."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None

    @classmethod
    def of(cls, method: str, path: str, query: bytes, headers: Mapping[str, str], body: bytes | None) -> Self:
        """From the parts of an ASGI scope."""
        return cls(
            method, path, dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)), headers, body
        )


def differences(wanted: RequestMatch, request: Incoming) -> list[str]:
    """Every difference, the telling ones first; none: it matches."""
    found = [*_of_line(wanted, request)]
    found += _of_values("query", wanted.query, request.query)
    found += _of_values(
        "header", {name.lower(): value for name, value in wanted.headers.items()}, request.headers
    )
    if wanted.wants_body:
        found += _of_body(wanted, request.body)
    return found[:MOST_DIFFERENCES]


def _of_line(wanted: RequestMatch, request: Incoming) -> Iterator[str]:
    if wanted.path is not None and not fnmatchcase(request.path, wanted.path):
        yield f"path: wanted {_shown(wanted.path)}, came {_shown(request.path)}"
    if wanted.path_regex is not None and not re.fullmatch(wanted.path_regex, request.path):
        yield f"path: wanted ~{_shown(wanted.path_regex)}, came {_shown(request.path)}"
    if wanted.method is not None and wanted.method.upper() != request.method:
        yield f"method: wanted {wanted.method.upper()}, came {request.method}"


def _of_values(what: str, wanted: Mapping[str, str | None], came: Mapping[str, str]) -> Iterator[str]:
    for name, value in wanted.items():
        found = came.get(name)
        if value is None and found is not None:
            yield f"{what} {name}: wanted none, came {_shown(found)}"
        elif value is not None and not _is_value(value, found):
            yield f"{what} {name}: wanted {_shown(value)}, came {_shown(found)}"


def _is_value(wanted: str, came: str | None) -> bool:
    if came is None:
        return False
    return bool(re.fullmatch(wanted[1:], came)) if wanted.startswith("~") else wanted == came


def _of_body(wanted: RequestMatch, body: bytes | None) -> Iterator[str]:
    if body is None:
        yield f"body: larger than {MOST_BYTES} bytes, not looked into"
        return
    text = body.decode(errors="replace")
    if wanted.body_equals is not None and text != wanted.body_equals:
        yield f"body: wanted {_shown(wanted.body_equals)}, came {_shown(text)}"
    yield from (f"body: lacks {_shown(part)}" for part in wanted.body_contains if part not in text)
    if wanted.body_regex is not None and not re.search(wanted.body_regex, text[: 64 * 1024]):
        yield f"body: wanted ~{_shown(wanted.body_regex)}, came {_shown(text)}"
    if wanted.json_at or wanted.model_fields_set & {"json_equals", "json_contains"}:
        yield from _of_json(wanted, body)
    if wanted.xml_equals is not None or wanted.xml_at:
        yield from _of_xml(wanted, body)


def _of_json(wanted: RequestMatch, body: bytes) -> Iterator[str]:
    try:
        came = cast("JsonValue", json.loads(body))
    except (ValueError, RecursionError):
        yield f"body: wanted JSON, came {_shown(body.decode(errors='replace'))}"
        return
    if "json_equals" in wanted.model_fields_set:
        yield from _json_differs(wanted.json_equals, came, "", exactly=True)
    if "json_contains" in wanted.model_fields_set:
        yield from _json_differs(wanted.json_contains, came, "", exactly=False)
    for pointer, value in wanted.json_at.items():
        found, is_there = _at(came, pointer)
        if not is_there:
            yield f"{pointer}: wanted {_shown(value)}, is not there"
        else:
            yield from _json_differs(value, found, pointer, exactly=True)


def _json_differs(wanted: JsonValue, came: JsonValue, place: str, *, exactly: bool) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(came, dict):
        for name, value in wanted.items():
            if name in came:
                yield from _json_differs(value, came[name], f"{place}/{name}", exactly=exactly)
            else:
                yield f"{place}/{name}: wanted {_shown(value)}, is not there"
        extra = [name for name in came if name not in wanted] if exactly else []
        yield from (f"{place}/{name}: not wanted, came {_shown(came[name])}" for name in extra)
    elif isinstance(wanted, list) and isinstance(came, list):
        yield from _lists_differ(wanted, came, place, exactly=exactly)
    elif wanted != came or isinstance(wanted, bool) != isinstance(came, bool):
        yield f"{place or '/'}: wanted {_shown(wanted)}, came {_shown(came)}"


def _lists_differ(
    wanted: list[JsonValue], came: list[JsonValue], place: str, *, exactly: bool
) -> Iterator[str]:
    if exactly:
        if len(wanted) != len(came):
            yield f"{place or '/'}: wanted {len(wanted)} items, came {len(came)}"
        for index, (one, other) in enumerate(zip(wanted, came, strict=False)):
            yield from _json_differs(one, other, f"{place}/{index}", exactly=True)
        return
    for one in wanted:
        if not any(next(_json_differs(one, other, "", exactly=False), None) is None for other in came):
            yield f"{place or '/'}: no item has {_shown(one)}"


def _at(value: JsonValue, pointer: str) -> tuple[JsonValue, bool]:
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and name.isascii() and int(name[:9]) < len(value):
            value = value[int(name[:9])]
        else:
            return None, False
    return value, True


def _of_xml(wanted: RequestMatch, body: bytes) -> Iterator[str]:
    try:
        root = parse(body)
    except InvalidMessageError as exc:
        yield f"body: wanted XML, came {exc.what[:_SHOWN]}"
        return
    if wanted.xml_equals is not None and canonical(parse(wanted.xml_equals.encode())) != canonical(root):
        yield f"body: wanted the XML {_shown(wanted.xml_equals)}"
    for path, value in wanted.xml_at.items():
        texts = [(one.text or "").strip() for one in _found(root, path)]
        if not texts:
            yield f"{path}: wanted {'it' if value is None else _shown(value)}, is not there"
        elif value is not None and value not in texts:
            yield f"{path}: wanted {_shown(value)}, came {_shown(texts[0])}"


def _found(root: Element, path: str) -> list[Element]:
    here: list[Element] = []
    for index, (slashes, name, number) in enumerate(_STEP.findall(path)):
        if index == 0:
            pool = list(root.iter()) if slashes == "//" else [root]
        else:
            pool = [each for one in here for each in (list(one.iter())[1:] if slashes == "//" else list(one))]
        here = [one for one in pool if local_name(one) == name]
        if number:
            here = here[int(number) - 1 : int(number)] if int(number) else []
    return here


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
