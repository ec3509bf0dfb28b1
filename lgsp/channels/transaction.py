"""A fenced transaction: commands on one partition that happen all or not at all, and only for the holder of its lease."""

from collections.abc import Sequence

from lgsp.channels.entries import journal_fields
from lgsp.channels.keys import Keys
from lgsp.channels.scripts import TRANSACTION
from lgsp.channels.server import Server
from lgsp.errors import StaleLeaseError

__all__ = ["Transaction"]

GROUP = "lgsp"


class Transaction:
    """Collects the parts of a hop; `commit` runs them as one script."""

    def __init__(self, server: Server, keys: Keys, partition: int, lease_value: str) -> None:
        self._server = server
        self._keys = keys
        self._partition = partition
        self._lease_value = lease_value
        self._touched: dict[str, None] = {}
        self._arguments: list[str | bytes | int] = []

    def _command(self, key: str, *command: str | bytes | int) -> None:
        self._touched[key] = None
        self._arguments.append(len(command))
        self._arguments.extend(command)

    def add(self, stream: str, fields: Sequence[str | bytes]) -> None:
        """Append to a stream."""
        self._command(stream, "XADD", stream, "*", *fields)

    def acknowledge(self, stream: str, entry_ids: Sequence[str]) -> None:
        """Take entries off the group's pending list and out of the stream, so that memory holds only what waits."""
        self._command(stream, "XACK", stream, GROUP, *entry_ids)
        self._command(stream, "XDEL", stream, *entry_ids)

    def park(self, key: str, entries: Sequence[bytes]) -> None:
        """Append to the list of a held subject."""
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
        fields = journal_fields(step, message_id, at_ms, system, detail)
        self.add(self._keys.journal(self._partition), fields)

    async def commit(self) -> None:
        """Make it so.

        Raises:
            StaleLeaseError: another worker owns the partition by now; nothing was changed.
            ChannelUnavailableError: no answer; it may or may not have happened, and the entries will be read again if not.
        """
        if not self._arguments:
            return
        keys = [self._keys.lease(self._partition), *self._touched]
        done = await self._server.run(TRANSACTION, keys, [self._lease_value, *self._arguments])
        if done != 1:
            raise StaleLeaseError(f"partition {self._partition}: the lease was taken over by another worker")
        self._touched.clear()
        self._arguments.clear()
