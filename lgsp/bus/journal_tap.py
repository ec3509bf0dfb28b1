"""The wire tap: carries the journals to the message store."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from lgsp.channels import Journaled, Journals, Keys, Lease, Server
from lgsp.endpoint import until_stopped
from lgsp.errors import ChannelUnavailableError, StaleLeaseError
from lgsp.standards.identifiers import new_id
from lgsp.store.journal import JournalEntry

__all__ = ["JournalSink", "JournalTap"]

log = structlog.get_logger()

_ENTRIES = 256
_FIRST_ENTRIES = 64
_LEAST_EACH = 4
_ROUND_BYTES = 24 << 20
"""What a round holds, at most about: the more, the more of a message's steps come together, and the less often it is touched."""

_BUSY = 300
_LINGER_S = 0.25
_BREATH_S = 0.005
_AWAY_S = 1.0
_BLOCK_MS = 1000
_LEASE_MS = 3000
_LOOK_S = 0.5
_DRAIN_S = 20.0


class JournalSink(Protocol):
    """Where the journal goes; appending the same entry twice, or late, must be harmless."""

    async def append(self, entries: Sequence[JournalEntry]) -> object:
        """Store a batch; the tap does not ask what it says to it."""
        ...


class JournalTap:
    """Reads, stores, acknowledges: in this order, so that a crash repeats and never skips.

    One is at work at a time, by a lease, since a store has one writer; others stand by. The lease only spares work: two at once store the
    same.
    """

    def __init__(self, server: Server, keys: Keys, sink: JournalSink) -> None:
        self._server = server
        self._keys = keys
        self._journals = Journals(server, keys)
        self._sink = sink
        self._owner = new_id()
        self._each = max(_LEAST_EACH, _FIRST_ENTRIES // keys.partitions)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set and what had happened by then is stored. A server that is away is waited for."""
        while not stopping.is_set():
            try:
                lease = await Lease.acquire(self._server, self._keys, "tap", self._owner, _LEASE_MS)
                if lease is not None:
                    await self._lead(lease, stopping)
                    continue
            except (ChannelUnavailableError, StaleLeaseError) as exc:
                log.warning("tap.interrupted", reason=str(exc))
            await until_stopped(asyncio.sleep(_LOOK_S), stopping)

    async def _lead(self, lease: Lease, stopping: asyncio.Event) -> None:
        lost = asyncio.Event()
        renewal = asyncio.create_task(_renew(lease, lost))
        try:
            await self._follow(stopping, lost)
            if not lost.is_set():
                await self._drain(stopping)
        finally:
            renewal.cancel()
            with suppress(ChannelUnavailableError):
                await lease.release()

    async def _follow(self, stopping: asyncio.Event, lost: asyncio.Event) -> None:
        again = True
        while not stopping.is_set() and not lost.is_set():
            began = time.monotonic()
            found = await self._journals.read(again=again, count=self._each)
            steps = await self._store(found, stopping)
            took_s = time.monotonic() - began
            # Idle, it looks again: a read whose answer never came may have left something pending.
            again = bool(found) == again
            if not found:
                await until_stopped(self._journals.wait(_BLOCK_MS), stopping, lost)
            elif not self._has_more(found):
                # Under load, more of a message's steps come together, and it is touched once for all of them; with a trickle, a round
                # costs as much as the steps in it, and may take a tenth of the time.
                pause_s = _LINGER_S if steps >= _BUSY else min(_LINGER_S, max(_BREATH_S, 9 * took_s))
                await until_stopped(asyncio.sleep(pause_s), stopping, lost)

    def _has_more(self, found: Sequence[Journaled]) -> bool:
        """Whether a partition gave as much as it was asked for; what the next round asks for follows from the size of this one."""
        asked, given = self._each, Counter(one.partition for one in found)
        size = sum(len(step.body) for one in found for step in one.steps)
        fitting = len(found) * _ROUND_BYTES // max(1, size)
        self._each = max(_LEAST_EACH, min(2 * asked, min(fitting, _ENTRIES) // self._keys.partitions))
        return max(given.values()) >= asked

    async def _drain(self, stopping: asyncio.Event) -> None:
        """What had happened by now; others may go on, and whoever leads next has the rest."""
        ends = time.monotonic() + _DRAIN_S
        for again in (True, False):
            while time.monotonic() < ends:
                found = await self._journals.read(again=again, count=self._each)
                if not found:
                    break
                await self._store(found, stopping)

    async def _store(self, found: Sequence[Journaled], stopping: asyncio.Event) -> int:
        if not found:
            return 0
        entries = [JournalEntry(one.partition, *step) for one in found for step in one.steps]
        await self._append(entries, stopping)
        await self._journals.acknowledge(found)
        return len(entries)

    async def _append(self, entries: Sequence[JournalEntry], stopping: asyncio.Event) -> None:
        """Deliveries go on while the store is away; what happened waits in the journal, and a tap that stops leaves it there."""
        while True:
            try:
                await self._sink.append(entries)
            except ChannelUnavailableError as exc:
                if stopping.is_set():
                    raise
                log.warning("store.away", reason=str(exc))
                await until_stopped(asyncio.sleep(_AWAY_S), stopping)
            else:
                return


async def _renew(lease: Lease, lost: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(_LEASE_MS / 3000)
        with suppress(ChannelUnavailableError):
            if not await lease.renew(_LEASE_MS):
                lost.set()
                return
