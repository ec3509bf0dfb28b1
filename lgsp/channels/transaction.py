"""A fenced transaction: commands on one partition that happen all or not at all, and only for the holder of its lease."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from lgsp.channels.entries import journal_fields
from lgsp.channels.group_commit import GroupCommit
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import TRANSACTION
from lgsp.channels.server import Argument, Server
from lgsp.errors import StaleLeaseError

__all__ = ["GROUP", "Committer", "Transaction"]

GROUP = "lgsp"
_MOST = 256
_MOST_BYTES = 4 << 20
_UNPACKED = 2_000
T = TypeVar("T")


class Transaction:
    """Collects the parts of a hop."""

    __slots__ = ("acknowledged", "commands", "keys", "size", "steps")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.commands: list[Argument] = []
        self.acknowledged: list[tuple[str, Sequence[str]]] = []
        self.steps: list[str | bytes] = []
        self.size = 0

    def _command(self, key: str, *command: Argument) -> None:
        self.keys.append(key)
        self.commands.append(len(command))
        self.commands.extend(command)

    def add(self, stream: str, fields: Sequence[str | bytes]) -> None:
        """Append to a stream."""
        self.size += sum(map(len, fields))
        self._command(stream, "XADD", stream, "*", *fields)

    def acknowledge(self, stream: str, entry_ids: Sequence[str]) -> None:
        """Take entries off the group's pending list and out of the stream, so that memory holds only what waits."""
        self.acknowledged.append((stream, entry_ids))

    def park(self, key: str, entries: Sequence[bytes]) -> None:
        """Append to the list of a held subject."""
        self.size += sum(map(len, entries))
        self._command(key, "RPUSH", key, *entries)

    def hold(self, key: str, subject: str, due_ms: int) -> None:
        """Hold a subject until then."""
        self._command(key, "ZADD", key, due_ms, subject)

    def replace_head(self, key: str, entry: bytes) -> None:
        """Put back the head of a held subject, changed."""
        self._command(key, "LSET", key, 0, entry)

    def drop_head(self, key: str) -> None:
        """The head of a held subject is settled."""
        self._command(key, "LPOP", key)

    def release(self, key: str, subject: str) -> None:
        """Nothing is left for a held subject."""
        self._command(key, "ZREM", key, subject)

    def journal(self, step: str, message_id: str, at_ms: int, *, system: str = "", detail: str = "") -> None:
        """Say what happened; the wire tap carries it to the message store."""
        self.steps += journal_fields(step, message_id, at_ms, system, detail)


class Committer:
    """Makes the transactions of one holder of a partition happen, many in one round trip, in their order."""

    def __init__(self, server: Server, keys: Keys, partition: int, lease_value: str) -> None:
        self._server = server
        self._keys = keys
        self._partition = partition
        self._lease_value = lease_value
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

    async def _send(self, hops: Sequence[Transaction]) -> Sequence[None]:
        keys = [self._keys.lease(self._partition)]
        keys += dict.fromkeys(chain.from_iterable(hop.keys for hop in hops))
        arguments: list[Argument] = [self._lease_value]
        for stream, ids in _acknowledged(hops).items():
            keys.append(stream)
            for some in _chunks(ids):
                arguments += (3 + len(some), "XACK", stream, GROUP, *some)
                arguments += (2 + len(some), "XDEL", stream, *some)
        for hop in hops:
            arguments += hop.commands
        journal = self._keys.journal(self._partition)
        for steps in _chunks([part for hop in hops for part in hop.steps]):
            keys.append(journal)
            arguments += (3 + len(steps), "XADD", journal, "*", *steps)
        if await self._server.run(TRANSACTION, keys, arguments) != 1:
            raise StaleLeaseError(f"partition {self._partition}: the lease was taken over by another worker")
        return [None] * len(hops)


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
