"""The port, the machine's clock and a test's. The only place that reads the wall clock."""

import asyncio
import heapq
import itertools
import time
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

__all__ = ["VIETNAM", "Clock", "SystemClock", "VirtualClock", "wire_stamp"]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """Where a part gets its time from."""

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        return datetime.fromtimestamp(time.time(), tz=VIETNAM)  # noqa: TID251 - the one place

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands still until it is advanced; sleepers wake in order of their time."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(VIETNAM)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The moment at which this clock stands."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own moment and letting it run before the next."""
        target = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not woken.done():
                woken.set_result(None)
            await asyncio.sleep(0)
        self._now = target


def wire_stamp(moment: datetime) -> str:
    """`yyyyMMddHHmmss` in Vietnamese time, as the national portal's packets write it (QCVN 120:2019)."""
    return moment.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")
