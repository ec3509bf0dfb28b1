"""What just moved, for whoever watches: a short stream that every process may read, and that nothing depends on."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from lgsp.channels.keys import Keys
from lgsp.channels.server import Server, entries_of

__all__ = ["Activity", "ActivityLog", "Move"]

KEPT = 512
READ = 128

Move = tuple[str, str, str]
"""(step, system, type of the message); the type is "" where it is not known."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One batch of steps: how many messages made each move. `id` is the stream's."""

    id: str
    counts: Mapping[Move, int]

    @property
    def at_ms(self) -> int:
        """When it was told, by the server's time."""
        return int(self.id.partition("-")[0])


class ActivityLog:
    """Keeps the newest few hundred batches."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._key = keys.activity()

    async def tell(self, counts: Mapping[Move, int]) -> None:
        """Add a batch; older ones fall off."""
        body = to_json([[*move, count] for move, count in counts.items()])
        await self._server.call("XADD", self._key, "MAXLEN", "~", KEPT, "*", "body", body)

    async def since(self, entry_id: str) -> tuple[Activity, ...]:
        """What was told behind that id, oldest first, at most so many; "" is all that is kept."""
        start = f"({entry_id}" if entry_id else "-"
        reply = await self._server.call("XRANGE", self._key, start, "+", "COUNT", READ)
        return tuple(_read(entry, fields[b"body"]) for entry, fields in entries_of(reply))

    async def last_id(self) -> str:
        """Where it ends; "0-0" when nothing was told yet."""
        reply = await self._server.call("XREVRANGE", self._key, "+", "-", "COUNT", 1)
        return next((entry for entry, _ in entries_of(reply)), "0-0")


def _read(entry_id: str, body: bytes) -> Activity:
    return Activity(entry_id, {(step, system, kind): count for step, system, kind, count in from_json(body)})
