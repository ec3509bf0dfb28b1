"""The schemas with their versions and differences, and a form for a message of each, begun from one that flowed."""

import asyncio
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from pydantic import JsonValue
from pydantic_core import from_json, to_json
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.contracts import compare
from lgsp.errors import Fault, InvalidMessageError, NotFoundError
from lgsp.message import Message, type_name
from lgsp.routing.signatures import has_verdicts
from lgsp.schemas import dataschema
from lgsp.standards.identifiers import new_id
from lgsp.store import MessageQuery

__all__ = ["routes"]

_SOURCE = "/systems/console"


def routes(console: Console) -> list[BaseRoute]:
    """`/console/schemas`."""
    show = partial(_show, console)
    return [
        Route("/schemas", partial(_listing, console)),
        Route("/schemas/{kind}/{version:int}", show, methods=["GET", "POST"]),
    ]


async def _listing(console: Console, request: Request) -> Response:
    return console.page(request, "schemas.html", names=console.services.schemas.names())


async def _show(console: Console, request: Request) -> Response:
    kind, version = request.path_params["kind"], request.path_params["version"]
    schemas = console.services.schemas
    if (kind, version) not in schemas.names():
        raise NotFoundError(f"no schema {kind} {version}")
    schema = schemas.json_schema(kind, version)
    versions = [other for name, other in schemas.names() if name == kind]
    faults: tuple[Fault, ...] = ()
    if request.method == "POST":
        form = await console.change(request)
        given = {
            name: str(form.get(name, "")) for name in ("@subject", "@sender", "@recipients", *_names(schema))
        }
        try:
            message = _message(kind, version, schema, form, console)
            await console.services.publisher.publish(message)
            await _stored(console, message.id)
            return console.back_to(f"/console/messages/{quote(message.id, safe='')}")
        except InvalidMessageError as exc:
            faults = tuple(exc.faults)
    else:
        given = await _sample(console, kind, schema)
    earlier = [other for other in versions if other < version]
    changes = compare(schemas.json_schema(kind, earlier[-1]), schema) if earlier else ()
    return console.page(
        request, "schema.html", kind=kind, version=version, versions=versions, fields=_fields(schema),
        given=given, faults=faults, changes=changes, earlier=earlier,
    )  # fmt: skip


async def _stored(console: Console, message_id: str) -> None:
    """Wait a little: the store is a moment behind the streams, and the message's page reads it."""
    for _ in range(40):
        try:
            await console.services.store.find(message_id)
        except NotFoundError:
            await asyncio.sleep(0.05)
        else:
            return


def _names(schema: Mapping[str, JsonValue]) -> list[str]:
    properties = schema.get("properties")
    return list(properties) if isinstance(properties, dict) else []


def _fields(schema: Mapping[str, JsonValue]) -> list[tuple[str, str, bool, list[str]]]:
    """Of each field: name, type, whether it must be there, and the values of a closed list."""
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    found = []
    for name in _names(schema):
        kind, values = _kind(schema, _property(schema, name))
        found.append((name, kind, name in needed, values))
    return [one for one in found if one[0] != "signatures"]


def _property(schema: Mapping[str, JsonValue], name: str) -> JsonValue:
    properties = schema.get("properties")
    return properties.get(name) if isinstance(properties, dict) else None


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
    kind = str(
        field.get("format") if field.get("format") in {"date", "date-time"} else field.get("type", "object")
    )
    return kind, [str(value) for value in values] if isinstance(values, list) else []


def _message(
    kind: str, version: int, schema: Mapping[str, JsonValue], form: FormData, console: Console
) -> Message:
    """The form as a message of its own.

    Raises:
        InvalidMessageError: a field is no JSON, or the message is not what its schema wants.
    """
    data: dict[str, JsonValue] = {}
    for name, field, _, _ in _fields(schema):
        text = str(form.get(name, "")).strip()
        if not text:
            continue
        try:
            data[name] = text if field in {"string", "date", "date-time"} else from_json(text)
        except ValueError as exc:
            wrong = Fault("schema.json_invalid", f"/data/{name}", str(exc), f"không phải JSON: {exc}")
            raise InvalidMessageError(kind, [wrong]) from exc
    if has_verdicts(data):
        wrong_vi = "kết quả kiểm tra chữ ký do hệ thống ghi; hãy bỏ trường này"
        said = "verdicts on signatures are given by the bus; leave them out"
        raise InvalidMessageError(kind, [Fault("signature.claimed", "/data/signatures", said, wrong_vi)])
    attributes: dict[str, JsonValue] = {
        "id": new_id(), "source": _SOURCE, "type": type_name(kind), "dataschema": dataschema(kind, version),
        "time": console.services.clock.now().isoformat(), "data": data,
    }  # fmt: skip
    for name in ("subject", "sender", "recipients"):
        if text := str(form.get(f"@{name}", "")).strip():  # data may have a field of that name too
            attributes[name] = text
    return Message.from_json(to_json(attributes))


async def _sample(console: Console, kind: str, schema: Mapping[str, JsonValue]) -> dict[str, str]:
    """Field by field from the newest message of that kind; empty before the first has flowed."""
    names = ("@subject", "@sender", "@recipients", *_names(schema))
    rows = await console.services.store.search(MessageQuery(type=kind, limit=1))
    if not rows:
        return dict.fromkeys(names, "")
    _, body = await console.services.store.find(rows[0].message_id)
    inside = body.get("data")
    data = inside if isinstance(inside, dict) else {}
    found = {name: body.get(name[1:]) if name.startswith("@") else data.get(name) for name in names}
    return {name: _text(value) for name, value in found.items()}


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value, indent=1).decode()
