"""Tells those who watch what the wire tap stores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from lgsp.bus.journal_tap import JournalSink
from lgsp.channels import ActivityLog
from lgsp.store.journal import JournalEntry

__all__ = ["Telling", "TypedSink"]


class TypedSink(JournalSink, Protocol):
    """A sink that knows what it has stored."""

    async def types(self, message_ids: Sequence[str]) -> Mapping[str, str]:
        """The messages' types by their ids; without those that it does not know."""
        ...


class Telling:
    """A sink that stores, and then tells. A batch that comes twice is told twice, which only a picture sees."""

    def __init__(self, sink: TypedSink, activity: ActivityLog) -> None:
        self._sink = sink
        self._activity = activity

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch."""
        await self._sink.append(entries)
        if not entries:
            return
        # Only its first step carries the message, so the store says what the others are about.
        types = await self._sink.types(tuple({entry.message_id for entry in entries}))
        await self._activity.tell(
            Counter(
                (entry.step, system, types.get(entry.message_id, ""))
                for entry in entries
                for system in entry.system.split(",")
            )
        )
