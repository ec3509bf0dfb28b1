"""Tells those who watch what the wire tap stores."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from lgsp.channels import ActivityLog
from lgsp.errors import ChannelUnavailableError
from lgsp.store.journal import JournalEntry

__all__ = ["Steps", "Telling", "TypedSink"]

Steps = Mapping[tuple[str, str], int]
"""(step, system) -> how many."""


class TypedSink(Protocol):
    """A sink that knows what it stores."""

    async def append(self, entries: Sequence[JournalEntry]) -> Mapping[str, str]:
        """Store a batch; the types of the messages that it is about, by their ids."""
        ...


class Telling:
    """A sink that stores, and then tells how many messages took which step at which system: who watches, and who counts.

    A batch that comes twice is told twice, which only a picture sees.
    """

    def __init__(
        self, sink: TypedSink, activity: ActivityLog, counted: Callable[[Steps], None] = lambda _: None
    ) -> None:
        self._sink = sink
        self._activity = activity
        self._counted = counted

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch."""
        # Only its first step carries the message, so the store says what the others are about.
        types = await self._sink.append(entries)
        if not entries:
            return
        together = Counter([(one.step, one.system, types.get(one.message_id, "")) for one in entries])
        moves: Counter[tuple[str, str, str]] = Counter()
        steps: Counter[tuple[str, str]] = Counter()
        for (step, systems, kind), count in together.items():
            for system in systems.split(","):
                moves[step, system, kind] += count
                steps[step, system] += count
        # Nothing depends on it, and a server that is full takes it only after what is stored here is acknowledged.
        with suppress(ChannelUnavailableError):
            await self._activity.tell(moves)
        self._counted(steps)
