"""The dead letter channel: what could not be delivered, with the reason, until a person decides."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from pydantic_core import from_json

from lgsp.channels.entries import InboxEntry, journal_fields, split_organizations
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import HEADS, REPLAY
from lgsp.channels.server import Fields, Server, entries_of
from lgsp.errors import NotFoundError
from lgsp.message import TYPE_PREFIX, Message

__all__ = ["DeadEntry", "DeadLetterChannel", "Place", "place_of"]

Place = tuple[int, int, int]
"""(millisecond, sequence, partition): when it was buried, comparable over all partitions."""

_PAGE = 200


@dataclass(frozen=True, slots=True)
class DeadEntry:
    """One dead letter; `id` is `<partition>:<stream id>`, `system` is empty where no route took it.

    `order` is its place among the messages of its subject; `body` is empty where only heads were asked for.
    """

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
    order: str = ""
    kind: str = ""

    def to_fields(self) -> list[str | bytes]:
        """For the stream."""
        return [
            "body", self.body, "id", self.message_id, "subject", self.subject, "system", self.system,
            "orgs", ",".join(self.organizations), "code", self.code, "reason", self.reason, "attempts", str(self.attempts),
            "at", str(self.at_ms), "order", self.order, "kind", self.kind or _kind(self.body),
        ]  # fmt: skip


class DeadLetterChannel:
    """All partitions' dead letters."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._keys = keys

    async def heads(self, *, after: str = "") -> AsyncIterator[DeadEntry]:
        """Every one behind the id `after`, without its content, in the order of their burial over all partitions.

        Raises:
            NotFoundError: `after` is not the id of a dead letter.
        """
        behind = place_of(after) if after else (0, 0, -1)
        due: list[tuple[Place, DeadEntry, AsyncIterator[DeadEntry]]] = []
        for number in range(self._keys.partitions):
            bracket = "(" if number <= behind[2] else ""
            lane = self._lane(number, f"{bracket}{behind[0]}-{behind[1]}")
            async for entry in lane:
                heappush(due, (place_of(entry.id), entry, lane))
                break
        while due:
            _, entry, lane = heappop(due)
            yield entry
            async for following in lane:
                heappush(due, (place_of(following.id), following, lane))
                break

    async def _lane(self, partition: int, start: str) -> AsyncIterator[DeadEntry]:
        while True:
            reply = await self._server.run(HEADS, [self._keys.dead(partition)], [start, _PAGE])
            found = reply if isinstance(reply, list) else []
            for entry_id, flat in found:
                yield _read(partition, entry_id.decode(), dict(zip(flat[::2], flat[1::2], strict=True)))
            if len(found) < _PAGE:
                return
            start = f"({found[-1][0].decode()}"

    async def get(self, dead_id: str) -> DeadEntry:
        """One of them, with its content.

        Raises:
            NotFoundError: no such dead letter; it may have been replayed or discarded meanwhile.
        """
        partition, entry_id = self._split(dead_id)
        reply = await self._server.call("XRANGE", self._keys.dead(partition), entry_id, entry_id)
        for found_id, fields in entries_of(reply):
            return _read(partition, found_id, fields)
        raise _missing(dead_id)

    async def now_ms(self) -> int:
        """The server's time, which the ids of dead letters are made of."""
        return await self._server.now_ms()

    async def replay(self, dead_id: str, now_ms: int, *, detail: str = "") -> DeadEntry:
        """Send it again where it was going (or through the router, where no route took it), behind what already waits there.

        Raises:
            NotFoundError: as `get`; nothing was sent.
        """
        entry = await self.get(dead_id)
        step = journal_fields("replayed", entry.message_id, now_ms, entry.system, detail)
        await self._move(entry.id, _again(entry, entry.body), step)
        return entry

    async def replace(self, dead_id: str, message: Message, now_ms: int, *, note: str) -> DeadEntry:
        """Give it up, and send another message in its place and to where it was going, in one step. Answers the one given up.

        The new message must have the same subject, or it would belong to another partition.

        Raises:
            NotFoundError: as `get`; nothing was sent.
        """
        entry, body = await self.get(dead_id), message.to_json()
        told = f"replaced by {message.id}: {note}" if note else f"replaced by {message.id}"
        steps = journal_fields("discarded", entry.message_id, now_ms, entry.system, told)
        steps += journal_fields("accepted", message.id, now_ms, message.source, body=body)
        if entry.system:
            steps += journal_fields("routed", message.id, now_ms, entry.system, ",".join(entry.organizations))
        await self._move(entry.id, _again(entry, body), steps)
        return entry

    async def discard(self, dead_id: str, now_ms: int, *, reason: str) -> DeadEntry:
        """Take it away for good; the message store keeps the history, and the reason.

        Raises:
            NotFoundError: as `get`.
        """
        entry = await self.get(dead_id)
        step = journal_fields("discarded", entry.message_id, now_ms, entry.system, reason)
        await self._move(entry.id, [], step)
        return entry

    async def _move(
        self, dead_id: str, fields: Sequence[str | bytes], journal: Sequence[str | bytes]
    ) -> None:
        partition, entry_id = self._split(dead_id)
        keys = [self._keys.dead(partition), self._keys.inbox(partition), self._keys.journal(partition)]
        if await self._server.run(REPLAY, keys, [entry_id, len(fields), *fields, *journal]) != 1:
            raise _missing(dead_id)

    def _split(self, dead_id: str) -> tuple[int, str]:
        milliseconds, sequence, partition = place_of(dead_id)
        if partition >= self._keys.partitions:
            raise _missing(dead_id)
        return partition, f"{milliseconds}-{sequence}"


def _again(entry: DeadEntry, body: bytes) -> list[str | bytes]:
    """For the inbox: to where it was going, or through the router, where no route took it."""
    order = entry.order or entry.id.partition(":")[2]
    return InboxEntry("", body, order, entry.organizations, system=entry.system).to_fields()


def place_of(dead_id: str) -> Place:
    """Read the id of a dead letter.

    Raises:
        NotFoundError: it is none.
    """
    partition, _, entry_id = dead_id.partition(":")
    milliseconds, _, sequence = entry_id.partition("-")
    parts = (milliseconds, sequence, partition)
    if not all(part.isascii() and part.isdecimal() and len(part) <= _DIGITS for part in parts):
        raise NotFoundError(f"{dead_id!r} is not the id of a dead letter; they look like 2:1764000000000-0")
    return int(milliseconds), int(sequence), int(partition)


_DIGITS = 19


def _missing(dead_id: str) -> NotFoundError:
    return NotFoundError(f"no dead letter {dead_id}: it was replayed or discarded, or never existed")


def _kind(body: bytes) -> str:
    """What it is, where it can be read."""
    try:
        return str(from_json(body)["type"]).removeprefix(TYPE_PREFIX)
    except (ValueError, KeyError, TypeError):
        return ""


def _read(partition: int, entry_id: str, fields: Fields) -> DeadEntry:
    text = {
        name.decode(): value.decode(errors="replace") for name, value in fields.items() if name != b"body"
    }
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
        order=text.get("order", ""),
        kind=text.get("kind", ""),
    )
