"""What the wire tap brings: one entry per step of a message."""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["JournalEntry", "Step"]


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

    (`partition`, `entry_id`) identifies it, so that what comes again is known; within a partition, an id (`<ms>-<n>` or `<ms>-<n>.<m>`)
    says what came before what. `body` is the message's JSON, on `accepted` only.
    """

    partition: int
    entry_id: str
    message_id: str
    step: str
    system: str
    at_ms: int
    detail: str = ""
    body: bytes | None = None
