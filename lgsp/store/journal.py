"""What the wire tap brings: one entry per step of a message."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

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


class JournalEntry(NamedTuple):
    """One step. `system` is the source for `accepted`, the target(s), comma-separated, for `routed`, else the system concerned.

    Entries of a partition come in the order of their `entry_id` (`<ms>-<n>` or `<ms>-<n>.<m>`), so that what comes again is known by
    it. `body` is the message's JSON, on `accepted` only.
    """

    partition: int
    entry_id: str
    message_id: str
    step: str
    system: str
    at_ms: int
    detail: str = ""
    body: bytes | None = None

    def place(self) -> tuple[int, int, int]:
        """Where it stands in its partition's journal."""
        entry, _, number = self.entry_id.partition(".")
        at_ms, _, sequence = entry.partition("-")
        return int(at_ms), int(sequence or 0), int(number or 0)


_BASE = frozenset({"accepted", "routed", "invalid", "unrouted"})
_URGENCY = ("dead", "retrying", "replayed", "expired", "discarded")


def state_of(steps: Iterable[tuple[str, str]]) -> tuple[str, dict[str, str]]:
    """From (step, system) pairs, oldest first: the state of the message, and of each of its systems.

    The message's is the worst of its systems' states, else how far it came.
    """
    latest: dict[str, str] = {}
    base = ""
    for step, system in steps:
        if step == "routed":
            latest.pop("", None)
            for one in system.split(","):
                latest[one] = step
            base = step
        elif step in _BASE:
            base = step
        elif step != "duplicate":
            latest[system] = step
    states = set(latest.values())
    if states == {"delivered"}:
        return "delivered", latest
    return next((step for step in _URGENCY if step in states), base), latest
