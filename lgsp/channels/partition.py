"""One partition's streams: publish into it, read from it, and change it by fenced transactions."""

import hashlib
from dataclasses import dataclass

from lgsp.channels.entries import HeldEntry, InboxEntry, OutEntry, journal_fields, unpark
from lgsp.channels.invalid import InvalidEntry
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import PUBLISH, SEND_AGAIN
from lgsp.channels.server import Argument, Server, StreamRecord
from lgsp.channels.transaction import GROUP, Transaction
from lgsp.errors import BackpressureError, Fault, InvalidMessageError
from lgsp.message import Message

__all__ = ["Accepted", "PartitionLog"]

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bus has the message. `is_new` is false when the same (source, id) was accepted before."""

    is_new: bool
    partition: int
    entry_id: str


@dataclass(frozen=True, slots=True)
class PartitionLog:
    """The streams of one partition. `max_waiting` bounds what is accepted and not yet delivered."""

    server: Server
    keys: Keys
    partition: int
    systems: tuple[str, ...]
    max_waiting: int = 100_000
    seen_ttl_ms: int = 7 * DAY_MS

    async def publish(self, message: Message, body: bytes, now_ms: int) -> Accepted:
        """Accept once.

        Raises:
            InvalidMessageError: the same (source, id) with another content.
            BackpressureError: too much is waiting.
        """
        place = self.partition
        outs = [self.keys.out(place, system) for system in self.systems]
        keys = [
            self.keys.inbox(place),
            self.keys.seen(place, message.source, message.id),
            self.keys.journal(place),
            *outs,
        ]
        journal = [*journal_fields("accepted", message.id, now_ms, message.source), "body", body]
        limits: list[Argument] = [self.max_waiting, self.seen_ttl_ms]
        arguments = [_content_digest(message), body, *limits, *journal]
        reply = await self.server.run(PUBLISH, keys, arguments)
        verdict, detail = (bytes(part).decode() for part in reply) if isinstance(reply, list) else ("", "")
        match verdict:
            case "accepted" | "duplicate":
                return Accepted(verdict == "accepted", place, detail)
            case "conflict":
                raise InvalidMessageError(
                    "message",
                    [
                        Fault(
                            "message.id_reused",
                            "/id",
                            f"(source, id) was accepted before with another content, as {detail}; use a new id",
                            f"(source, id) đã được tiếp nhận trước đó với nội dung khác ({detail}); hãy dùng id mới",
                        )
                    ],
                )
            case _:
                raise BackpressureError(
                    f"{detail} messages wait in partition {place}; publish again later", retry_after_s=1.0
                )

    async def prepare(self) -> None:
        """Create the consumer groups, at the beginning of their streams."""
        for stream in (
            self.keys.inbox(self.partition),
            self.keys.journal(self.partition),
            *(self.keys.out(self.partition, system) for system in self.systems),
        ):
            await self.server.create_group(stream, GROUP)

    def transaction(self, lease_value: str) -> Transaction:
        """A hop, to be filled and committed."""
        return Transaction(self.server, self.keys, self.partition, lease_value)

    async def read_inbox(self, *, cursor: str, count: int, block_ms: int) -> list[InboxEntry]:
        """What is to be routed."""
        return [
            InboxEntry.read(*record)
            for record in await self._read(self.keys.inbox(self.partition), cursor, count, block_ms)
        ]

    async def read_out(self, system: str, *, cursor: str, count: int, block_ms: int) -> list[OutEntry]:
        """What is to be delivered to a system."""
        stream = self.keys.out(self.partition, system)
        return [OutEntry.read(*record) for record in await self._read(stream, cursor, count, block_ms)]

    async def read_journal(self, *, cursor: str, count: int, block_ms: int) -> list[StreamRecord]:
        """What has happened and is not yet in the message store."""
        return await self._read(self.keys.journal(self.partition), cursor, count, block_ms)

    async def _read(self, stream: str, cursor: str, count: int, block_ms: int) -> list[StreamRecord]:
        return await self.server.read_group(stream, GROUP, cursor=cursor, count=count, block_ms=block_ms)

    async def held(self, system: str) -> list[HeldEntry]:
        """Subjects of that system that are held back by a retry, the earliest due first."""
        reply = await self.server.call("ZRANGE", self.keys.held(self.partition, system), 0, -1, "WITHSCORES")
        flat = reply if isinstance(reply, list) else []
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [HeldEntry(subject.decode(), int(float(due))) for subject, due in pairs]

    async def parked_head(self, system: str, subject: str) -> tuple[OutEntry | None, int]:
        """The first message of a held subject, and how many are parked."""
        key = self.keys.parked(self.partition, system, subject)
        head, length = await self.server.pipeline([["LINDEX", key, 0], ["LLEN", key]])
        return (unpark(head) if isinstance(head, bytes) else None), int(str(length))

    async def send_again(
        self, message: Message, system: str, organizations: tuple[str, ...], now_ms: int
    ) -> None:
        """One more delivery of a message, and its step in the journal, together."""
        out = OutEntry("", message.id, message.subject, organizations, message.to_json()).to_fields()
        journal = journal_fields("replayed", message.id, now_ms, system)
        keys = [self.keys.out(self.partition, system), self.keys.journal(self.partition)]
        await self.server.run(SEND_AGAIN, keys, [len(out), *out, *journal])

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


def _content_digest(message: Message) -> str:
    """What must be equal for a repeat to be the same message; the moment of sending is not."""
    content = message.model_dump_json(include={"type", "subject", "dataschema", "data", "recipients"})
    return hashlib.sha256(content.encode()).hexdigest()[:32]
