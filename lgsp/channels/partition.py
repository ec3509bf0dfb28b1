"""One partition's streams: publish into it, read from it, and change it by fenced transactions."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lgsp.channels.entries import (
    HeldEntry,
    InboxEntry,
    OutEntry,
    journal_fields,
    unpark,
)
from lgsp.channels.group_commit import GroupCommit
from lgsp.channels.holder import Holder
from lgsp.channels.invalid import InvalidEntry
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import PUBLISH, SEND_AGAIN
from lgsp.channels.server import GROUP, Argument, Server, ServerFullError
from lgsp.errors import BackpressureError, Fault, InvalidMessageError
from lgsp.message import LARGE_BYTES, MAX_MESSAGE_BYTES, Message

__all__ = ["Accepted", "PartitionLog"]

SEEN_WINDOW_S = 7 * 86_400
"""A repeat is recognised for one to two such windows."""
_BUCKETS = 16_384
_SLOW_FROM = 0.8
_SLOWEST_S = 0.25
_MOST = 256
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bus has the message. `is_new` is false when the same (source, id) was accepted before."""

    is_new: bool
    partition: int
    entry_id: str


class _Publication(NamedTuple):
    digest: bytes
    bucket: int
    identity: bytes
    body: bytes
    step: str | bytes
    envelope: bytes


class PartitionLog:
    """The streams of one partition. `max_waiting` bounds what is accepted and not yet delivered."""

    def __init__(
        self,
        server: Server,
        keys: Keys,
        partition: int,
        systems: tuple[str, ...],
        *,
        max_waiting: int = 100_000,
    ) -> None:
        self.server = server
        self.keys = keys
        self.partition = partition
        self.systems = systems
        self.max_waiting = max_waiting
        self._publications = GroupCommit(
            self._publish, most=_MOST, most_bytes=_MOST_BYTES, weigh=lambda one: len(one.body)
        )

    async def publish(self, message: Message, now_ms: int) -> Accepted:
        """Accept once. What is published while a round trip is under way shares the next one, in order.

        Raises:
            InvalidMessageError: too large, or the same (source, id) with another content.
            BackpressureError: too much is waiting.
        """
        verdict, slow_s = await self.begin(message, now_ms)
        if slow_s:
            await asyncio.sleep(slow_s)
        return self.accepted(verdict)

    def begin(self, message: Message, now_ms: int) -> "asyncio.Future[tuple[bytes, float]]":
        """Send it; what `accepted` understands will come, and how many seconds its publisher should be held up.

        Raises:
            InvalidMessageError: too large.
        """
        data = message.data_json()  # once: for the body, and for the digest that tells a repeat
        body = message.to_json(data)
        if len(body) > MAX_MESSAGE_BYTES:
            raise _too_large(len(body))
        identity = hashlib.blake2b(f"{message.source}\0{message.id}".encode(), digest_size=14).digest()
        bucket = int.from_bytes(identity[:2], "big") % _BUCKETS
        step, _ = journal_fields("accepted", message.id, now_ms, message.source)
        envelope = message.envelope_json() if len(body) > LARGE_BYTES else b""
        publication = _Publication(_content_digest(message, data), bucket, identity[2:], body, step, envelope)
        return self._publications.submit(publication)

    def accepted(self, verdict: bytes) -> Accepted:
        """What came of it.

        Raises:
            InvalidMessageError, BackpressureError: as `publish`.
        """
        kind, detail = verdict[:1], verdict[1:].decode()
        match kind:
            case b"a" | b"d":
                return Accepted(kind == b"a", self.partition, detail)
            case b"c":
                raise _id_reused(detail)
            case _:
                raise BackpressureError(
                    f"{detail} messages wait in partition {self.partition}; publish again later",
                    retry_after_s=1.0,
                )

    async def _publish(self, batch: Sequence[_Publication]) -> Sequence[tuple[bytes, float]]:
        """A verdict for each, and how long its publisher should be held up: the fuller the partition, the longer."""
        place = self.partition
        keys = [
            self.keys.inbox(place),
            self.keys.journal(place),
            self.keys.seen(place),
            self.keys.bodies(place),
        ]
        keys += [self.keys.out(place, system) for system in self.systems]
        arguments: list[Argument] = [self.max_waiting, SEEN_WINDOW_S]
        for publication in batch:
            arguments += publication
        try:
            reply = await self.server.run_replicated(PUBLISH, keys, arguments)
        except ServerFullError as exc:
            raise BackpressureError(f"{exc}; publish again later", retry_after_s=2.0) from exc
        *verdicts, room = reply if isinstance(reply, list) else [b"0"]
        fullness = 1.0 - int(room) / self.max_waiting
        slow_s = max(0.0, fullness - _SLOW_FROM) / (1.0 - _SLOW_FROM) * _SLOWEST_S
        return [(verdict, slow_s) for verdict in verdicts]

    async def prepare(self) -> None:
        """Create the journal's consumer group, at its beginning."""
        await self.server.create_group(self.keys.journal(self.partition), GROUP)

    def holder(self, lease_value: str) -> Holder:
        """What the lease's holder may do."""
        return Holder(self.server, self.keys, self.partition, lease_value)

    async def held(self, system: str) -> list[HeldEntry]:
        """Subjects of that system that are held back by a retry, the earliest due first."""
        reply = await self.server.call("ZRANGE", self.keys.held(self.partition, system), 0, -1, "WITHSCORES")
        flat = reply if isinstance(reply, list) else []
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [HeldEntry(subject.decode(), int(float(due))) for subject, due in pairs]

    async def parked(self, system: str, subject: str, count: int) -> tuple[list[OutEntry], int]:
        """The first messages of a held subject, and how many are parked."""
        key = self.keys.parked(self.partition, system, subject)
        head, length = await self.server.pipeline([["LRANGE", key, 0, count - 1], ["LLEN", key]])
        return [unpark(raw) for raw in head] if isinstance(head, list) else [], int(str(length))

    async def send_again(
        self, message: Message, system: str, organizations: tuple[str, ...], now_ms: int
    ) -> None:
        """One more delivery of a message, and its step in the journal, together."""
        again = InboxEntry("", message.to_json(), only=organizations, system=system).to_fields()
        journal = journal_fields("replayed", message.id, now_ms, system)
        keys = [self.keys.inbox(self.partition), self.keys.journal(self.partition)]
        await self.server.run(SEND_AGAIN, keys, [len(again), *again, *journal])

    async def refuse(
        self, raw: bytes, error: InvalidMessageError, reference: str, system: str, now_ms: int
    ) -> None:
        """Keep something unreadable in the invalid message channel (the newest ten thousand)."""
        kept = InvalidEntry.fields(raw, error, reference, system, now_ms)
        journal = journal_fields("invalid", reference, now_ms, system, str(error))
        add: list[Argument] = ["XADD", self.keys.invalid(self.partition), "MAXLEN", "~", 10_000, "*", *kept]
        await self.server.pipeline([add, ["XADD", self.keys.journal(self.partition), "*", *journal]])

    async def lengths(self) -> dict[str, int]:
        """How many wait where: `inbox`, `journal`, `dead`, `invalid` and each `out:<system>`; held ones count into `held:<system>`."""
        streams = {
            "inbox": self.keys.inbox(self.partition),
            "journal": self.keys.journal(self.partition),
            "dead": self.keys.dead(self.partition),
            "invalid": self.keys.invalid(self.partition),
        }
        streams |= {f"out:{system}": self.keys.out(self.partition, system) for system in self.systems}
        held = {f"held:{system}": self.keys.held(self.partition, system) for system in self.systems}
        commands: list[list[Argument]] = [["XLEN", key] for key in streams.values()]
        commands += [["ZCARD", key] for key in held.values()]
        reply = await self.server.pipeline(commands)
        return {name: int(str(length)) for name, length in zip([*streams, *held], reply, strict=True)}


def _id_reused(entry_id: str) -> InvalidMessageError:
    fault = Fault(
        "message.id_reused",
        "/id",
        f"(source, id) was accepted before with another content, as {entry_id}; use a new id",
        f"(source, id) đã được tiếp nhận trước đó với nội dung khác ({entry_id}); hãy dùng id mới",
    )
    return InvalidMessageError("message", [fault])


def _too_large(size: int) -> InvalidMessageError:
    detail = f"{size} bytes, the limit is {MAX_MESSAGE_BYTES}; put large content beside the stream"
    return InvalidMessageError(
        "message", [Fault("message.too_large", "", detail, f"Bản tin quá lớn: {detail}")]
    )


def _content_digest(message: Message, data: bytes) -> bytes:
    """What must be equal for a repeat to be the same message; the moment of sending is not."""
    head = f"{message.type}\0{message.subject}\0{message.dataschema}\0{message.recipients}\0"
    digest = hashlib.blake2b(head.encode(), digest_size=10)
    digest.update(data)  # not joined: it may be a megabyte
    return digest.digest()
