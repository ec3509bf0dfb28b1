"""What the wire tap brings: one entry per step of a message."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["JournalEntry", "Step", "state_of"]


class Step(StrEnum):
    """The steps that a message can take."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    ROUTED = "routed"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    DEAD = "dead"
    INVALID = "invalid"
    UNROUTED = "unrouted"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One step. `system` is the source for `accepted`, the target(s), comma-separated, for `routed`, else the system concerned.

    (`partition`, `entry_id`) identifies it, so that a repeated batch changes nothing. `body` is the message's JSON, on `accepted` only.
    """

    partition: int
    entry_id: str
    message_id: str
    step: str
    system: str
    at_ms: int
    detail: str = ""
    body: bytes | None = None


_URGENCY = (Step.DEAD, Step.RETRYING, Step.REPLAYED, Step.EXPIRED, Step.DISCARDED)


def state_of(steps: list[tuple[str, str]]) -> str:
    """The state of a message from its (step, system) pairs, oldest first: the worst of its systems, else how far it came."""
    latest: dict[str, str] = {}
    wanted: set[str] = set()
    base = ""
    for step, system in steps:
        if step == Step.ROUTED:
            wanted.update(part.strip() for part in system.split(",") if part.strip())
            latest.pop("", None)
        if step in {Step.ACCEPTED, Step.ROUTED, Step.INVALID, Step.UNROUTED}:
            base = step
        elif step != Step.DUPLICATE:
            latest[system] = step
    for step in _URGENCY:
        if step in latest.values():
            return str(step)
    delivered = {system for system, step in latest.items() if step == Step.DELIVERED}
    return str(Step.DELIVERED) if delivered and wanted <= delivered else base
