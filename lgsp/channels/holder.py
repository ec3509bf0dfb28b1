"""What a worker may do with a partition while it holds the lease."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from lgsp.channels.entries import InboxEntry, OutEntry
from lgsp.channels.group_commit import GroupCommit
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import READ, TRANSACTION
from lgsp.channels.server import Argument, Server
from lgsp.channels.transaction import Transaction
from lgsp.channels.way_out import Place, WayOut, id_of
from lgsp.errors import StaleLeaseError

__all__ = ["Holder"]

_MOST = 256
_MOST_BYTES = 4 << 20
_UNPACKED = 2_000
T = TypeVar("T")


class Holder:
    """What the holder of a partition's lease may do: read, and make transactions happen, many in one round trip, in their order.

    Reading takes nothing away: an entry is there until a transaction takes it out, and transactions are fenced. So what a holder had
    read when it died, or lost its lease, its successor finds.
    """

    def __init__(self, server: Server, keys: Keys, partition: int, lease_value: str) -> None:
        self._server = server
        self._keys = keys
        self._partition = partition
        self._lease_value = lease_value
        self._ways: dict[str, WayOut] = {}
        self._group = GroupCommit(self._send, most=_MOST, most_bytes=_MOST_BYTES, weigh=_size)

    async def commit(self, hop: Transaction) -> None:
        """Make it so.

        Raises:
            StaleLeaseError: another worker owns the partition by now; nothing was changed.
            ChannelUnavailableError: no answer; it may or may not have happened, and the entries will be read again if not.
        """
        await self._group.submit(hop)

    def put(self, hop: Transaction, done: Callable[[BaseException | None], None]) -> None:
        """Make it so, and call `done`, with the error if there was one."""
        self._group.put(hop, done)

    async def read_inbox(self, *, count: int, block_ms: int) -> list[InboxEntry]:
        """What is to be routed, from the first; it stays there until a transaction takes it out."""
        records = await self._server.wait_and_read(self._keys.inbox(self._partition), count, block_ms)
        return [InboxEntry.read(entry_id, _fields(flat)) for entry_id, flat in records]

    def way_out(self, system: str, take: Callable[[Sequence[OutEntry]], int]) -> WayOut:
        """What is to be delivered to a system, for the one endpoint that does it."""
        way = self._ways[system] = WayOut(partial(self._read_out, system), take)
        return way

    async def _read_out(self, system: str, behind: Place, count: int) -> list[OutEntry]:
        keys = [self._keys.lease(self._partition), self._keys.out(self._partition, system)]
        reply = await self._server.run(READ, keys, [self._lease_value, id_of(behind), count])
        if not isinstance(reply, list):
            raise self._stale()
        entries = [OutEntry.read(entry_id.decode(), _fields(flat)) for entry_id, flat in reply]
        if not any(entry.kept for entry in entries):
            return entries
        bodies = iter(await self.bodies([entry.kept for entry in entries if entry.kept]))
        return [entry._replace(body=next(bodies)) if entry.kept else entry for entry in entries]

    async def bodies(self, kept: Sequence[str]) -> list[bytes]:
        """Large messages by the ids under which they are kept; b"" for one that a later holder of the lease is done with."""
        found = await self._server.pipeline([["HGET", self.body_key(one), "body"] for one in kept])
        return [body if isinstance(body, bytes) else b"" for body in found]

    def body_key(self, kept: str) -> str:
        """Where that large message lies."""
        return self._keys.body(self._partition, kept)

    def _stale(self) -> StaleLeaseError:
        return StaleLeaseError(f"partition {self._partition}: the lease was taken over by another worker")

    async def _send(self, hops: Sequence[Transaction]) -> Sequence[None]:
        keys = [self._keys.lease(self._partition)]
        keys += dict.fromkeys(chain.from_iterable(hop.keys for hop in hops))
        arguments: list[Argument] = [self._lease_value]
        for stream, ids in _acknowledged(hops).items():
            keys.append(stream)
            for some in _chunks(ids):
                arguments += (2 + len(some), "XDEL", stream, *some)
        for hop in hops:
            arguments += hop.commands
        journal = self._keys.journal(self._partition)
        for steps in _chunks([part for hop in hops for part in hop.steps]):
            keys.append(journal)
            arguments += (3 + len(steps), "XADD", journal, "*", *steps)
        reply = await self._server.run(TRANSACTION, keys, arguments)
        if not isinstance(reply, list):
            raise self._stale()
        self._hand_on(hops, reply)
        return [None] * len(hops)

    def _hand_on(self, hops: Sequence[Transaction], ids: Sequence[bytes]) -> None:
        """What was just passed on goes to the endpoints without being read."""
        passed: dict[str, list[OutEntry]] = {}
        for added, entry_id in zip(chain.from_iterable(hop.added for hop in hops), ids, strict=False):
            if added is not None and added[0] in self._ways:
                system, entry = added
                written = entry_id.decode()
                entry = entry._replace(entry_id=written, order=entry.order or written)
                passed.setdefault(system, []).append(entry)
        for system, entries in passed.items():
            self._ways[system].wrote(entries)


def _fields(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _acknowledged(hops: Sequence[Transaction]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for hop in hops:
        for stream, ids in hop.acknowledged:
            found.setdefault(stream, []).extend(ids)
    return found


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """So few at a time that Lua can unpack them."""
    return (values[start : start + _UNPACKED] for start in range(0, len(values), _UNPACKED))


def _size(hop: Transaction) -> int:
    return hop.size
