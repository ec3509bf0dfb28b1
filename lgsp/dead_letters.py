"""Dead letters as a person works with them: list, show, replay, discard."""

from collections.abc import Sequence

from lgsp.channels import DeadEntry, DeadLetterChannel
from lgsp.clock import Clock

__all__ = ["DeadLetters"]


class DeadLetters:
    """The desk over the dead letter channel. Replay keeps the message's id: it is the same message, sent again."""

    def __init__(self, channel: DeadLetterChannel, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock

    async def list(self, *, system: str | None = None, limit: int = 100) -> Sequence[DeadEntry]:
        """The oldest first."""
        found = await self._channel.list(limit=limit if system is None else 10_000)
        return [entry for entry in found if system is None or entry.system == system][:limit]

    async def show(self, dead_id: str) -> DeadEntry:
        """One, with its content."""
        return await self._channel.get(dead_id)

    async def replay(self, dead_id: str) -> DeadEntry:
        """Send it again, behind what already waits."""
        return await self._channel.replay(dead_id, self._now_ms())

    async def discard(self, dead_id: str) -> DeadEntry:
        """Give it up for good."""
        return await self._channel.discard(dead_id, self._now_ms())

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
