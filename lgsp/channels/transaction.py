"""A fenced transaction: commands on one partition that happen all or not at all, and only for the holder of its lease."""

from collections.abc import Sequence

from lgsp.channels.entries import OutEntry, journal_fields
from lgsp.channels.server import Argument

__all__ = ["Transaction"]


class Transaction:
    """Collects the parts of a hop."""

    __slots__ = ("acknowledged", "added", "commands", "keys", "size", "steps")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.commands: list[Argument] = []
        self.acknowledged: list[tuple[str, Sequence[str]]] = []
        self.added: list[tuple[str, OutEntry] | None] = []
        self.steps: list[str | bytes] = []
        self.size = 0

    def _command(self, key: str, *command: Argument) -> None:
        self.keys.append(key)
        self.commands.append(len(command))
        self.commands.extend(command)

    def add(self, stream: str, fields: Sequence[str | bytes]) -> None:
        """Append to a stream."""
        self.added.append(None)
        self._add(stream, fields)

    def pass_on(self, stream: str, system: str, entry: OutEntry) -> None:
        """Append to the out stream of a system, whose endpoint is handed it as soon as it is there."""
        self.added.append((system, entry))
        self._add(stream, entry.to_fields())

    def _add(self, stream: str, fields: Sequence[str | bytes]) -> None:
        self.size += sum(map(len, fields))
        self._command(stream, "XADD", stream, "*", *fields)

    def acknowledge(self, stream: str, entry_ids: Sequence[str]) -> None:
        """Take entries out of the stream, so that it holds only what waits."""
        self.acknowledged.append((stream, entry_ids))

    def share(self, body: str, system: str) -> None:
        """A large body is needed for that system too."""
        self._command(body, "HSET", body, f"out:{system}", "")

    def let_go(self, body: str, system: str = "") -> None:
        """A large body is not needed any more for that system, or in the inbox; who is the last takes it away."""
        self._command(body, "LET-GO", body, f"out:{system}" if system else "inbox")

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
