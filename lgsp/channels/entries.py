"""What the streams hold, and how it is written there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import structlog
from pydantic_core import from_json, to_json

__all__ = ["NAMED", "HeldEntry", "InboxEntry", "JournalStep", "OutEntry"]

log = structlog.get_logger()

NAMED = b"@"
"""Before the id under which a large message lies beside its journal; JSON does not begin so."""


class InboxEntry(NamedTuple):
    """An accepted message; `body` is its structured JSON, `order` as with `OutEntry`.

    `only` are those of its recipients that it is still for, where it went to the others before; () is all. `system` is where it goes
    whatever the routes say, for it went there before. A large message has its `envelope` here instead, and lies beside the stream, under
    this entry's id.
    """

    entry_id: str
    body: bytes
    order: str = ""
    only: tuple[str, ...] = ()
    envelope: bytes = b""
    system: str = ""

    @classmethod
    def read(cls, entry_id: str, fields: Mapping[bytes, bytes]) -> Self:
        """From the stream; a missing body reads as empty, which no schema accepts."""
        order = fields.get(b"order", b"").decode() or entry_id
        only = split_organizations(fields.get(b"only", b""))
        system = fields.get(b"system", b"").decode()
        return cls(entry_id, fields.get(b"body", b""), order, only, fields.get(b"envelope", b""), system)

    def to_fields(self) -> list[str | bytes]:
        """For the stream, when it is sent again."""
        return ["body", self.body, "order", self.order, "only", ",".join(self.only), "system", self.system]


class OutEntry(NamedTuple):
    """A message on its way to one system; `subject` is its ordering key, `attempt` counts from 1.

    `early_since_ms` is when the system first said that it came before its predecessor; 0 when it never did. `order` is the id under
    which it first lay in its stream: a replay keeps it, so that the oldest of a subject is known also when it dies again.
    `kept`: its body lies beside the stream, under that id; whoever reads the entry is given it with its body all the same.
    """

    entry_id: str
    message_id: str
    subject: str
    organizations: tuple[str, ...]
    body: bytes
    attempt: int = 1
    early_since_ms: int = 0
    order: str = ""
    kept: str = ""

    @classmethod
    def read(cls, entry_id: str, fields: Mapping[bytes, bytes]) -> Self:
        """From the stream."""
        organizations = split_organizations(fields.get(b"orgs", b""))
        subject, message_id = fields.get(b"subject", b"").decode(), fields.get(b"id", b"").decode()
        order, kept = fields.get(b"order", b"").decode() or entry_id, fields.get(b"kept", b"").decode()
        return cls(
            entry_id, message_id, subject, organizations, fields.get(b"body", b""), order=order, kept=kept
        )

    def to_fields(self) -> list[str | bytes]:
        """For the stream."""
        orgs = ",".join(self.organizations)
        order: list[str | bytes] = ["order", self.order] if self.order else []
        body: list[str | bytes] = ["kept", self.kept] if self.kept else ["body", self.body]
        return ["id", self.message_id, "subject", self.subject, "orgs", orgs, *body, *order]

    def parked(self) -> bytes:
        """For the list of a held subject."""
        head = [
            self.entry_id, self.message_id, self.subject, self.organizations, self.attempt, self.early_since_ms, self.order,
        ]  # fmt: skip
        return json.dumps(head).encode() + b"\n" + self.body

    def next_attempt(self) -> Self:
        """The same, for another try."""
        return self._replace(attempt=self.attempt + 1)


class JournalStep(NamedTuple):
    """One step of a message; `body` is the message's JSON, with `accepted` only. (partition, `entry_id`) identifies it."""

    entry_id: str
    message_id: str
    step: str
    system: str
    at_ms: int
    detail: str
    body: bytes


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """A subject whose head waits for another try."""

    subject: str
    due_ms: int


def unpark(raw: bytes) -> OutEntry:
    """Read what `OutEntry.parked` wrote."""
    head, _, body = raw.partition(b"\n")
    entry_id, message_id, subject, organizations, attempt, early_since_ms, order = json.loads(head)
    return OutEntry(entry_id, message_id, subject, tuple(organizations), body, attempt, early_since_ms, order)


def split_organizations(raw: bytes) -> tuple[str, ...]:
    """Comma-separated organization ids."""
    return tuple(part for part in raw.decode().split(",") if part)


def journal_fields(
    step: str, message_id: str, at_ms: int, system: str = "", detail: str = "", *, body: bytes = b""
) -> list[str | bytes]:
    """One step, as a journal entry holds it: the step itself is the field's name, the message's body its value.

    An entry has many steps, so that a hop of many messages is one entry; `journal_steps` reads it.
    """
    return [to_json([step, message_id, at_ms, system, detail]), body]


def journal_steps(entry_id: str, flat: Sequence[bytes]) -> Iterator[JournalStep]:
    """The steps of one journal entry; something that nobody of us wrote there is passed over."""
    for index in range(0, len(flat) - 1, 2):
        try:
            step, message_id, at_ms, system, detail = from_json(flat[index])
        except (ValueError, TypeError):
            log.warning("journal.unreadable", entry=entry_id)
            continue
        yield JournalStep(
            f"{entry_id}.{index // 2}", message_id, step, system, at_ms, detail, flat[index + 1]
        )
