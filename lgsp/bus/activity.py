"""Tells those who watch what the wire tap stores."""

from collections import Counter
from collections.abc import Sequence

from lgsp.bus.journal_tap import JournalSink
from lgsp.channels import ActivityLog
from lgsp.store.journal import JournalEntry

__all__ = ["Telling"]

_NAMED = 20


class Telling:
    """A sink that stores, and then tells. A batch that comes twice is told twice, which only a picture sees."""

    def __init__(self, sink: JournalSink, activity: ActivityLog) -> None:
        self._sink = sink
        self._activity = activity

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch."""
        await self._sink.append(entries)
        steps = [
            (entry.step, system, entry.message_id) for entry in entries for system in entry.system.split(",")
        ]
        if steps:
            await self._activity.tell(Counter((step, system) for step, system, _ in steps), steps[-_NAMED:])
