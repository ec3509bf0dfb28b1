"""The journals of all partitions, as the wire tap reads them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from redis.exceptions import ResponseError

from lgsp.channels.entries import NAMED, JournalStep, journal_steps
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import ACKNOWLEDGE
from lgsp.channels.server import GROUP, Argument, Server, flat_records

__all__ = ["Journaled", "Journals"]

_CONSUMER = "tap"


class Journaled(NamedTuple):
    """One journal entry of one partition; `kept` are the keys of the large messages in it, which lie beside the stream."""

    partition: int
    entry_id: str
    steps: list[JournalStep]
    kept: tuple[str, ...] = ()


class Journals:
    """Not fenced by a lease: what two taps read is stored once. Entries stay until they are acknowledged."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._keys = keys
        self._streams = [keys.journal(partition) for partition in range(keys.partitions)]
        self._read_to = dict.fromkeys(self._streams, "0-0")

    async def read(self, *, again: bool, count: int) -> list[Journaled]:
        """At most `count` entries of each partition: those that are new, or `again` those that were read and never acknowledged."""
        cursor = "0" if again else ">"
        commands: list[list[Argument]] = [
            ["XREADGROUP", "GROUP", GROUP, _CONSUMER, "COUNT", count, "STREAMS", stream, cursor]
            for stream in self._streams
        ]
        try:
            replies = await self._server.pipeline(commands)
        except ResponseError as exc:
            if "NOGROUP" not in str(exc):
                raise
            for stream in self._streams:
                await self._server.create_group(stream, GROUP)
            return []  # what the others gave is pending, and is read again
        found = []
        for partition, (stream, reply) in enumerate(zip(self._streams, replies, strict=True)):
            for entry_id, flat in flat_records(reply):
                found.append(Journaled(partition, entry_id, list(journal_steps(entry_id, flat))))
                self._read_to[stream] = entry_id if not again else self._read_to[stream]
        return await self._with_bodies(found)

    async def _with_bodies(self, found: list[Journaled]) -> list[Journaled]:
        """With the large messages that their steps only name. One that another tap has stored meanwhile is missing, and not missed."""
        kept = [
            tuple(
                self._keys.body(one.partition, step.body[1:].decode()) for step in one.steps if _named(step)
            )
            for one in found
        ]
        if not any(kept):
            return found
        bodies = iter(await self._server.pipeline([["HGET", key, "body"] for keys in kept for key in keys]))
        return [
            one._replace(kept=keys, steps=[_with_body(step, bodies) for step in one.steps]) if keys else one
            for one, keys in zip(found, kept, strict=True)
        ]

    async def wait(self, block_ms: int) -> None:
        """Until something new is there, or for so long."""
        await self._server.wait_for_entries(self._read_to, block_ms)

    async def acknowledge(self, entries: Sequence[Journaled]) -> None:
        """They are stored, and go."""
        by_stream: dict[str, list[Journaled]] = {}
        for entry in entries:
            by_stream.setdefault(self._streams[entry.partition], []).append(entry)
        commands: list[list[Argument]] = []
        for stream, some in by_stream.items():
            ids, kept = [one.entry_id for one in some], [key for one in some for key in one.kept]
            if kept:
                await self._server.run(ACKNOWLEDGE, [stream, *kept], [GROUP, *ids])
            else:
                commands += [["XACK", stream, GROUP, *ids], ["XDEL", stream, *ids]]
        await self._server.pipeline(commands)


def _named(step: JournalStep) -> bool:
    return step.body.startswith(NAMED)


def _with_body(step: JournalStep, bodies: Iterator[object]) -> JournalStep:
    if not _named(step):
        return step
    body = next(bodies)
    return step._replace(body=body if isinstance(body, bytes) else b"")
