"""What the streams hold, and how it is written there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

__all__ = ["HeldEntry", "InboxEntry", "OutEntry"]


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """An accepted message; `body` is its structured JSON."""

    entry_id: str
    body: bytes

    @classmethod
    def read(cls, entry_id: str, fields: Mapping[bytes, bytes]) -> Self:
        """From the stream; a missing body reads as empty, which no schema accepts."""
        return cls(entry_id, fields.get(b"body", b""))


@dataclass(frozen=True, slots=True)
class OutEntry:
    """A message on its way to one system; `subject` is its ordering key, `attempt` counts from 1."""

    entry_id: str
    message_id: str
    subject: str
    organizations: tuple[str, ...]
    body: bytes
    attempt: int = 1

    @classmethod
    def read(cls, entry_id: str, fields: Mapping[bytes, bytes]) -> Self:
        """From the stream."""
        organizations = split_organizations(fields.get(b"orgs", b""))
        subject, message_id = fields.get(b"subject", b"").decode(), fields.get(b"id", b"").decode()
        return cls(entry_id, message_id, subject, organizations, fields.get(b"body", b""))

    def to_fields(self) -> list[str | bytes]:
        """For the stream."""
        orgs = ",".join(self.organizations)
        return ["id", self.message_id, "subject", self.subject, "orgs", orgs, "body", self.body]

    def parked(self) -> bytes:
        """For the list of a held subject."""
        head = [self.entry_id, self.message_id, self.subject, self.organizations, self.attempt]
        return json.dumps(head).encode() + b"\n" + self.body

    def next_attempt(self) -> Self:
        """The same, for another try."""
        return replace(self, attempt=self.attempt + 1)


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """A subject whose head waits for another try."""

    subject: str
    due_ms: int


def unpark(raw: bytes) -> OutEntry:
    """Read what `OutEntry.parked` wrote."""
    head, _, body = raw.partition(b"\n")
    entry_id, message_id, subject, organizations, attempt = json.loads(head)
    return OutEntry(entry_id, message_id, subject, tuple(organizations), body, attempt)


def split_organizations(raw: bytes) -> tuple[str, ...]:
    """Comma-separated organization ids."""
    return tuple(part for part in raw.decode().split(",") if part)


def journal_fields(
    step: str, message_id: str, at_ms: int, system: str = "", detail: str = ""
) -> list[str | bytes]:
    """A journal entry; the one place that knows its fields' names, beside the tap that reads them."""
    return ["step", step, "id", message_id, "at", str(at_ms), "system", system, "detail", detail]
