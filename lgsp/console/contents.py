"""What a message carries beside its text: attachments, and verdicts on signatures."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

__all__ = ["AttachedFile", "attached", "signatures", "trace_id"]

_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A claim check: `size` in bytes."""

    name: str
    media_type: str
    size: int
    sha256: str


def attached(value: JsonValue, depth: int = 0) -> Iterator[AttachedFile]:
    """Every attachment, wherever it hangs."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        blob = value.get("blob")
        if isinstance(blob, dict) and "sha256" in blob:
            size = blob.get("size")
            yield AttachedFile(
                str(value.get("name", "")),
                str(value.get("media_type", "")),
                size if isinstance(size, int) else 0,
                str(blob["sha256"]),
            )
        for inner in value.values():
            yield from attached(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from attached(inner, depth + 1)


def signatures(body: dict[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """The verdicts on a document's signatures, as the adapter gave them."""
    data = body.get("data")
    places = [data, data.get("document")] if isinstance(data, dict) else []
    for place in places:
        found = place.get("signatures") if isinstance(place, dict) else None
        if isinstance(found, list) and found:
            return [one for one in found if isinstance(one, dict)]
    return []


def trace_id(body: dict[str, JsonValue]) -> str:
    """The W3C trace id of its traceparent, "" without one."""
    parts = str(body.get("traceparent") or "").split("-")
    return parts[1] if len(parts) == 4 else ""
