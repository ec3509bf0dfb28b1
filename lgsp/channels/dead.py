"""The dead letter channel: what could not be delivered, with the reason, until a person decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.channels.entries import OutEntry, journal_fields, split_organizations
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import REPLAY
from lgsp.channels.server import Argument, Server, StreamRecord, entries_of
from lgsp.errors import NotFoundError

__all__ = ["DeadEntry", "DeadLetterChannel"]


@dataclass(frozen=True, slots=True)
class DeadEntry:
    """One dead letter; `id` is `<partition>:<stream id>`, `system` is empty where no route took it."""

    id: str
    message_id: str
    subject: str
    system: str
    organizations: tuple[str, ...]
    code: str
    reason: str
    attempts: int
    at_ms: int
    body: bytes

    def to_fields(self) -> list[str | bytes]:
        """For the stream."""
        return [
            "body",
            self.body,
            "id",
            self.message_id,
            "subject",
            self.subject,
            "system",
            self.system,
            "orgs",
            ",".join(self.organizations),
            "code",
            self.code,
            "reason",
            self.reason,
            "attempts",
            str(self.attempts),
            "at",
            str(self.at_ms),
        ]


class DeadLetterChannel:
    """All partitions' dead letters."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._keys = keys

    async def list(self, *, limit: int = 100) -> Sequence[DeadEntry]:
        """The oldest first, over all partitions."""
        commands: list[list[Argument]] = [
            ["XRANGE", self._keys.dead(number), "-", "+", "COUNT", limit]
            for number in range(self._keys.partitions)
        ]
        replies = await self._server.pipeline(commands)
        found = [
            _read(number, record) for number, reply in enumerate(replies) for record in entries_of(reply)
        ]
        return sorted(found, key=lambda entry: entry.at_ms)[:limit]

    async def get(self, dead_id: str) -> DeadEntry:
        """One of them.

        Raises:
            NotFoundError: no such dead letter; it may have been replayed or discarded meanwhile.
        """
        partition, entry_id = self._split(dead_id)
        reply = await self._server.call("XRANGE", self._keys.dead(partition), entry_id, entry_id)
        records = entries_of(reply)
        if not records:
            raise _missing(dead_id)
        return _read(partition, records[0])

    async def replay(self, dead_id: str, now_ms: int) -> DeadEntry:
        """Send it again where it was going (or through the router, where no route took it), behind what already waits there."""
        entry = await self.get(dead_id)
        partition, entry_id = self._split(dead_id)
        if entry.system:
            target = self._keys.out(partition, entry.system)
            fields = OutEntry(
                "", entry.message_id, entry.subject, entry.organizations, entry.body
            ).to_fields()
        else:
            target = self._keys.inbox(partition)
            fields = ["body", entry.body]
        await self._move(partition, entry_id, target, fields, _journal("replayed", entry, now_ms))
        return entry

    async def discard(self, dead_id: str, now_ms: int) -> DeadEntry:
        """Take it away for good; the message store keeps the history."""
        entry = await self.get(dead_id)
        partition, entry_id = self._split(dead_id)
        await self._move(
            partition, entry_id, self._keys.inbox(partition), [], _journal("discarded", entry, now_ms)
        )
        return entry

    async def _move(
        self,
        partition: int,
        entry_id: str,
        target: str,
        fields: Sequence[str | bytes],
        journal: Sequence[str | bytes],
    ) -> None:
        keys = [self._keys.dead(partition), target, self._keys.journal(partition)]
        if await self._server.run(REPLAY, keys, [entry_id, len(fields), *fields, *journal]) != 1:
            raise _missing(f"{partition}:{entry_id}")

    def _split(self, dead_id: str) -> tuple[int, str]:
        partition, _, entry_id = dead_id.partition(":")
        milliseconds, _, sequence = entry_id.partition("-")
        if not (partition.isdecimal() and milliseconds.isdecimal() and sequence.isdecimal()):
            raise NotFoundError(
                f"{dead_id!r} is not the id of a dead letter; they look like 2:1764000000000-0"
            )
        if int(partition) >= self._keys.partitions:
            raise _missing(dead_id)
        return int(partition), entry_id


def _missing(dead_id: str) -> NotFoundError:
    return NotFoundError(f"no dead letter {dead_id}: it was replayed or discarded, or never existed")


def _journal(step: str, entry: DeadEntry, now_ms: int) -> Sequence[str | bytes]:
    return journal_fields(step, entry.message_id, now_ms, entry.system)


def _read(partition: int, record: StreamRecord) -> DeadEntry:
    entry_id, fields = record
    text = {name.decode(): value.decode() for name, value in fields.items() if name != b"body"}
    return DeadEntry(
        id=f"{partition}:{entry_id}",
        message_id=text.get("id", ""),
        subject=text.get("subject", ""),
        system=text.get("system", ""),
        organizations=split_organizations(fields.get(b"orgs", b"")),
        code=text.get("code", ""),
        reason=text.get("reason", ""),
        attempts=int(text.get("attempts", "0")),
        at_ms=int(text.get("at", "0")),
        body=fields.get(b"body", b""),
    )
