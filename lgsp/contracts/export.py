"""Schemas as files, and whether what is published still holds."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import JsonValue

from lgsp.contracts.diff import compare
from lgsp.errors import ConfigurationError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry

__all__ = ["ENVELOPE", "export", "published", "xsds"]

ENVELOPE = "message/1"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def published(registry: SchemaRegistry) -> dict[str, dict[str, JsonValue]]:
    """`type/version` -> JSON Schema of the data; and `message/1`, the envelope."""
    found = {f"{kind}/{version}": registry.json_schema(kind, version) for kind, version in registry.names()}
    head: dict[str, JsonValue] = {"$schema": _DRAFT, "$id": f"https://lgsp.vn/schemas/{ENVELOPE}"}
    return {ENVELOPE: head | Message.model_json_schema(), **found}


def xsds() -> dict[str, str]:
    """Name -> text of the XSDs of edXML; they import each other by these names."""
    folder = files("lgsp.standards.edxml").joinpath("schema")
    return {
        file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".xsd")
    }


def export(folder: Path, registry: SchemaRegistry) -> list[Path]:
    """Write everything below `folder`: `<type>/<version>.json` and `xsd/<name>`.

    Raises:
        ConfigurationError: a schema there has the same version and takes another content; or it can't be written.
    """
    schemas = published(registry)
    for name, schema in schemas.items():
        _check(folder / f"{name}.json", schema)
    texts = {f"{name}.json": _text(schema) for name, schema in schemas.items()}
    texts |= {f"xsd/{name}": text for name, text in xsds().items()}
    written = []
    for name, text in texts.items():
        file = folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise ConfigurationError(f"{file}: can't be written ({exc.strerror or exc})") from exc
        written.append(file)
    return written


def _check(file: Path, schema: Mapping[str, JsonValue]) -> None:
    if not file.exists():
        return
    changes = compare(json.loads(file.read_text(encoding="utf-8")), schema)
    if changes:
        first = f"{changes[0].pointer}: {changes[0].message}"
        raise ConfigurationError(
            f"{file}: {len(changes)} change(s) since it was published ({first}); register a new version of the type instead"
        )


def _text(schema: Mapping[str, JsonValue]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
