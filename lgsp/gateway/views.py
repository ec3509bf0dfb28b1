"""How the gateway shows messages, journeys and what was refused."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import from_json, to_jsonable_python

from lgsp.channels import HeldSubject, InvalidEntry
from lgsp.clock import VIETNAM
from lgsp.routing import RoutingDecision
from lgsp.store import Counted, StoredMessage, StoredStep, TracedMessage

__all__ = [
    "counted_view",
    "decision_view",
    "held_view",
    "invalid_view",
    "iso",
    "message_view",
    "names_of",
    "traced_view",
]

View = dict[str, JsonValue]


def names_of(bodies: Mapping[int, bytes]) -> dict[str, str]:
    """The organizations that these messages call by name, by their mã định danh."""
    names: dict[str, str] = {}
    for body in bodies.values():
        data = from_json(body).get("data")
        if isinstance(data, dict):
            inner = data.get("document")
            for part in (data, *([inner] if isinstance(inner, dict) else [])):
                _collect_names(part, names)
    return names


def _collect_names(data: Mapping[str, JsonValue], names: dict[str, str]) -> None:
    recipients = data.get("recipients")
    parties = [
        data.get("issuer"),
        data.get("reporter"),
        *(recipients if isinstance(recipients, list) else []),
    ]
    for party in parties:
        if isinstance(party, dict) and party.get("id") and party.get("name"):
            names.setdefault(str(party["id"]), str(party["name"]))
    if data.get("unit_id") and data.get("unit_name"):
        names.setdefault(str(data["unit_id"]), str(data["unit_name"]))


def message_view(message: StoredMessage) -> View:
    """A line of the listing."""
    return {**asdict(message), "accepted_at": iso(message.accepted_ms)}


def traced_view(traced: TracedMessage) -> View:
    """A message with its journey."""
    return {**message_view(traced.message), "steps": [_step(step) for step in traced.steps]}


def invalid_view(entry: InvalidEntry) -> View:
    """Something refused, with every fault."""
    faults: list[JsonValue] = [asdict(fault) for fault in entry.faults]
    return {
        "id": entry.id,
        "at": iso(entry.at_ms),
        "system": entry.system,
        "reference": entry.reference,
        "reason": entry.reason,
        "faults": faults,
        "bytes": len(entry.body),
    }


def held_view(held: HeldSubject) -> View:
    """A subject whose messages wait for one of them."""
    return {
        "system": held.system,
        "subject": held.subject,
        "message_id": held.message_id,
        "next_attempt_at": iso(held.due_ms),
        "attempt": held.attempt,
        "behind": list(held.behind),
        "count": held.count,
    }


def decision_view(decision: RoutingDecision) -> View:
    """Who gets it, and why."""
    shown: View = to_jsonable_python(decision)
    return shown


def counted_view(counted: Counted) -> View:
    """How far a tally is: ask again where `behind` is not 0."""
    until: JsonValue = iso(counted.until_ms) if counted.until_ms else None
    return {"messages": counted.messages, "until": until, "behind": counted.behind}


def _step(step: StoredStep) -> View:
    return {**asdict(step), "at": iso(step.at_ms)}


def iso(at_ms: int) -> str:
    """Milliseconds as Vietnamese time, ISO 8601."""
    return datetime.fromtimestamp(at_ms / 1000, tz=VIETNAM).isoformat(timespec="milliseconds")
