"""CloudEvents over HTTP (HTTP Protocol Binding 1.0.2): structured, binary and batched."""

import json
from urllib.parse import unquote

import msgspec
from fastapi import HTTPException, Request
from pydantic import JsonValue
from pydantic_core import from_json, to_json

from lgsp.errors import Fault, InvalidMessageError
from lgsp.gateway.limits import BATCH
from lgsp.message import MAX_MESSAGE_BYTES, Message

__all__ = [
    "EVENT_BODY",
    "MAX_BATCH",
    "PUBLISH_BODY",
    "batch_items",
    "event_body",
    "event_bytes",
    "event_id",
    "media_type",
]

MAX_BATCH = 1_000
"""Events in one batch."""

_STRUCTURED = "application/cloudevents+json"
_JSON = "application/json"
_PREFIX = "ce-"
_CUT = msgspec.json.Decoder(list[msgspec.Raw])

_EVENT: dict[str, JsonValue] = {
    "schema": Message.model_json_schema(ref_template="#/components/schemas/{model}")
}
EVENT_BODY: dict[str, JsonValue] = {"requestBody": {"required": True, "content": {_STRUCTURED: _EVENT}}}
_ATTRIBUTES: list[JsonValue] = [
    {
        "name": f"{_PREFIX}{name}",
        "in": "header",
        "required": False,
        "description": "Binary mode: this attribute, percent-encoded.",
        "schema": {"type": "string"},
    }
    for name in Message.model_fields
    if name not in {"data", "datacontenttype"}
]
PUBLISH_BODY: dict[str, JsonValue] = {
    "parameters": _ATTRIBUTES,
    "requestBody": {
        "required": True,
        "content": {
            _STRUCTURED: _EVENT,
            BATCH: {"schema": {"type": "array", "maxItems": MAX_BATCH, "items": _EVENT["schema"]}},
            _JSON: {
                "schema": {
                    "type": "object",
                    "description": "Binary mode: the data alone, with the attributes in `ce-` headers.",
                }
            },
        },
    },
}


def media_type(request: Request) -> str:
    """The content type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def event_body(request: Request) -> bytes:
    """One event in its structured form, whichever mode it came in.

    Other content types are refused, which also keeps plain cross-site forms out.
    """
    given = media_type(request)
    if given == _JSON and f"{_PREFIX}specversion" in request.headers:
        return _from_binary(request, await request.body())
    if given not in {_STRUCTURED, _JSON}:
        raise HTTPException(
            415,
            f"content type {given or '(none)'!r}; send {_STRUCTURED} (structured), {BATCH} (batched), "
            f"or {_JSON} with {_PREFIX} headers (binary)",
        )
    return await request.body()


def _from_binary(request: Request, body: bytes) -> bytes:
    event: dict[str, object] = {
        name[len(_PREFIX) :]: unquote(value)
        for name, value in request.headers.items()
        if name.startswith(_PREFIX)
    }
    return to_json(event | {"datacontenttype": _JSON, "data": _parsed(body, "/data")})


def batch_items(body: bytes) -> list[object]:
    """The events of a batch, each still to be checked: as its bytes, or parsed where not every event is good JSON.

    Raises:
        InvalidMessageError: not a JSON array, or too many.
    """
    try:
        items: object = [bytes(each) for each in _CUT.decode(body)]
    except (ValueError, RecursionError):  # also msgspec's own
        items = _patiently(body)
    if not isinstance(items, list):
        wrong = "a batch is a JSON array of CloudEvents"
        raise InvalidMessageError(
            "batch", [Fault("batch.no_array", "", wrong, "lô bản tin phải là một mảng JSON")]
        )
    if len(items) > MAX_BATCH:
        wrong = f"{len(items)} events, the limit is {MAX_BATCH}; send more than one batch"
        wrong_vi = f"lô có {len(items)} bản tin, giới hạn là {MAX_BATCH}; hãy chia thành nhiều lô"
        raise InvalidMessageError("batch", [Fault("message.too_large", "", wrong, wrong_vi)])
    return items


def event_bytes(item: object) -> bytes:
    """One event of a batch as if it had come alone.

    Raises:
        InvalidMessageError: it is too deep, or has half a character (a lone surrogate).
    """
    if isinstance(item, bytes):
        # White space does not count.
        return item if len(item) <= MAX_MESSAGE_BYTES else event_bytes(_parsed(item, ""))
    try:
        return to_json(item, inf_nan_mode="constants")
    except ValueError as exc:
        raise InvalidMessageError("message", [_no_json("", exc)]) from exc


def event_id(item: object) -> str | None:
    """What an event of a batch calls itself, if it does."""
    try:
        read = json.loads(item) if isinstance(item, bytes) else item
    except (ValueError, RecursionError):
        return None
    named = read.get("id") if isinstance(read, dict) else None
    return named[:512] if isinstance(named, str) and named.isprintable() else None


def _patiently(body: bytes) -> object:
    """With a parser that takes more, so that an event which ours does not take does not take the others down."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise InvalidMessageError("batch", [_no_json("", exc)]) from exc


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _parsed(body: bytes, place: str) -> object:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as exc:
        raise InvalidMessageError("message", [_no_json(place, exc)]) from exc


def _no_json(place: str, error: Exception) -> Fault:
    return Fault("schema.json_invalid", place, f"Invalid JSON: {error}", f"không phải JSON hợp lệ ({error})")
