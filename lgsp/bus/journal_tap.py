"""The wire tap of one partition: carries the journal to the message store."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from lgsp.channels import PartitionLog
from lgsp.channels.server import StreamRecord
from lgsp.endpoint import until_stopped
from lgsp.store.journal import JournalEntry

__all__ = ["JournalSink", "JournalTap"]

BATCH = 256
BLOCK_MS = 1000


class JournalSink(Protocol):
    """Where the journal goes; appending the same entry twice must be harmless."""

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch."""
        ...


class JournalTap:
    """Reads, stores, acknowledges: in this order, so that a crash repeats and never skips."""

    def __init__(self, channel: PartitionLog, lease_value: str, sink: JournalSink) -> None:
        self._channel = channel
        self._lease_value = lease_value
        self._sink = sink

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set and what had happened by then is stored."""
        recovering = True
        while not stopping.is_set():
            cursor = "0" if recovering else ">"
            records = await until_stopped(
                self._channel.read_journal(cursor=cursor, count=BATCH, block_ms=BLOCK_MS), stopping
            )
            await self._store(records or [])
            recovering = recovering and bool(records)
        while records := await self._channel.read_journal(cursor="0", count=BATCH, block_ms=0):
            await self._store(records)
        while records := await self._channel.read_journal(cursor=">", count=BATCH, block_ms=0):
            await self._store(records)

    async def _store(self, records: list[StreamRecord]) -> None:
        if not records:
            return
        await self._sink.append([_entry(self._channel.partition, record) for record in records])
        hop = self._channel.transaction(self._lease_value)
        hop.acknowledge(
            self._channel.keys.journal(self._channel.partition), [entry_id for entry_id, _ in records]
        )
        await hop.commit()


def _entry(partition: int, record: StreamRecord) -> JournalEntry:
    entry_id, fields = record
    text = {name.decode(): value.decode() for name, value in fields.items() if name != b"body"}
    return JournalEntry(
        partition=partition,
        entry_id=entry_id,
        message_id=text.get("id", ""),
        step=text.get("step", ""),
        system=text.get("system", ""),
        at_ms=int(text.get("at", "0")),
        detail=text.get("detail", ""),
        body=fields.get(b"body"),
    )
