"""The bus as an AsyncAPI 3.0 document: who connects natively, or generates a client, reads this."""

from collections.abc import Sequence
from typing import Literal

import yaml
from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from lgsp import __version__
from lgsp.channels import Keys
from lgsp.message import Message, type_name
from lgsp.schemas import SchemaRegistry, dataschema

__all__ = ["as_yaml", "asyncapi"]

Object = dict[str, JsonValue]
_REF = "#/components/schemas/{model}"


def asyncapi(
    registry: SchemaRegistry, systems: Sequence[str] = (), *, gateway: str = "127.0.0.1:8080", redis: str = "127.0.0.1:6379"
) -> Object:  # fmt: skip
    """The document: the way in, and an out channel for each of `systems`, with every message and its schema."""
    named = {f"{kind}.v{version}": (kind, version) for kind, version in registry.names()}
    models = [registry.model(kind, version) for kind, version in named.values()]
    every: list[type[BaseModel]] = [Message, *models]
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (one, "validation") for one in dict.fromkeys(every)
    ]
    refs, schemas = models_json_schema(wanted, ref_template=_REF)
    messages: Object = {
        name: _message(kind, version, refs[registry.model(kind, version), "validation"])
        for name, (kind, version) in named.items()
    }
    all_messages: Object = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    keys = Keys()
    channels: Object = {
        "publish": {
            "address": "/v1/messages",
            "title": "The way in over HTTP",
            "servers": [{"$ref": "#/servers/gateway"}],
            "messages": all_messages,
            "bindings": {"http": {}},
        }
    }
    operations: Object = {
        "publish": _operation(
            "receive",
            "publish",
            "The bus accepts a message once for each (source, id), after the schema check.",
        )
    }
    for system in systems:
        name = f"out-{system}"
        channels[name] = {
            "address": keys.out(0, system).replace("{0}", "{partition}"),
            "title": f"What is to be delivered to {system}",
            "description": "A stream; it belongs to the worker that holds the lease. Read, but delete nothing. "
            "A body of more than 8 KB is in the hash <partition's tag>:body:<the entry's field `kept`>, field `body`.",
            "servers": [{"$ref": "#/servers/redis"}],
            "parameters": {
                "partition": {"description": "CRC-32 of the subject, modulo the number of partitions."}
            },
            "messages": all_messages,
            "bindings": {"redis": {}},
        }
        operations[f"deliver-{system}"] = _operation(
            "send",
            name,
            f"The bus hands {system} each message, in the order of its subject, and waits for its receipt.",
        )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "LGSP",
            "version": __version__,
            "description": "Messages of the bus: CloudEvents 1.0 in structured JSON. Bản tin trên trục LGSP.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "gateway": {"host": gateway, "protocol": "http", "description": "Publishing, and pull inboxes."},
            "redis": {"host": redis, "protocol": "redis", "description": "The streams themselves.", "bindings": {"redis": {}}},
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas["$defs"],
            "correlationIds": {
                "correlation": {
                    "location": "$message.payload#/correlationid",
                    "description": "The same for every message about one document or dossier.",
                }
            },
        },
    }  # fmt: skip


def as_yaml(document: Object) -> str:
    """The same for people."""
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)  # type: ignore[no-untyped-call]  # it has no types
    return text


def _message(kind: str, version: int, data: JsonValue) -> Object:
    narrowed: Object = {
        "type": "object",
        "properties": {
            "type": {"const": type_name(kind)},
            "dataschema": {"const": dataschema(kind, version)},
            "data": data,
        },
    }
    return {
        "name": type_name(kind),
        "title": f"{kind}, version {version}",
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": _REF.format(model="Message")}, narrowed]},
        "correlationId": {"$ref": "#/components/correlationIds/correlation"},
    }


def _operation(action: str, channel: str, summary: str) -> Object:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
