"""The wire tap of one partition: carries the journal to the message store."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from lgsp.channels import Holder, JournalStep, PartitionLog, Transaction
from lgsp.endpoint import until_stopped
from lgsp.errors import ChannelUnavailableError
from lgsp.store.journal import JournalEntry

__all__ = ["JournalSink", "JournalTap"]

BATCH = 64
BUSY = 300
LINGER_S = 0.25
AWAY_S = 1.0

log = structlog.get_logger()
BLOCK_MS = 1000


class JournalSink(Protocol):
    """Where the journal goes; appending the same entry twice must be harmless."""

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch."""
        ...


class JournalTap:
    """Reads, stores, acknowledges: in this order, so that a crash repeats and never skips."""

    def __init__(self, channel: PartitionLog, holder: Holder, sink: JournalSink) -> None:
        self._channel = channel
        self._holder = holder
        self._sink = sink

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set and what had happened by then is stored."""
        recovering = True
        while not stopping.is_set():
            cursor = "0" if recovering else ">"
            read = self._holder.read_journal(cursor=cursor, count=BATCH, block_ms=BLOCK_MS)
            entries = await until_stopped(read, stopping)
            if await self._store(entries or [], stopping) >= BUSY:
                # Under load, more of a message's steps come together, and its row is written once for all of them.
                await until_stopped(asyncio.sleep(LINGER_S), stopping)
            # An idle tap looks again: a read whose answer never came may have left something pending.
            recovering = bool(entries) == recovering
        for cursor in ("0", ">"):
            while entries := await self._holder.read_journal(cursor=cursor, count=BATCH, block_ms=0):
                await self._store(entries, stopping)

    async def _store(self, entries: list[tuple[str, list[JournalStep]]], stopping: asyncio.Event) -> int:
        if not entries:
            return 0
        partition = self._channel.partition
        found = [_entry(partition, step) for _, steps in entries for step in steps]
        await self._append(found, stopping)
        hop = Transaction()
        hop.acknowledge(self._channel.keys.journal(partition), [entry_id for entry_id, _ in entries])
        await self._holder.commit(hop)
        return len(found)

    async def _append(self, found: Sequence[JournalEntry], stopping: asyncio.Event) -> None:
        """Deliveries go on while the store is away; what happened waits in the journal, and a worker that stops leaves it there."""
        while True:
            try:
                await self._sink.append(found)
            except ChannelUnavailableError as exc:
                if stopping.is_set():
                    raise
                log.warning("store.away", partition=self._channel.partition, reason=str(exc))
                await until_stopped(asyncio.sleep(AWAY_S), stopping)
            else:
                return


def _entry(partition: int, step: JournalStep) -> JournalEntry:
    return JournalEntry(
        partition,
        step.entry_id,
        step.message_id,
        step.step,
        step.system,
        step.at_ms,
        step.detail,
        step.body or None,
    )
