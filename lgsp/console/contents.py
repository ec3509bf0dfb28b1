"""What a message carries beside its text: verdicts on signatures, and the trace that it belongs to."""

from pydantic import JsonValue

__all__ = ["signatures", "trace_id"]


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
