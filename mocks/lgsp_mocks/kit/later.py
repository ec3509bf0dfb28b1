"""What happens some time from now, on the stand-in's clock. It is forgotten when the stand-in stops."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from lgsp.clock import Clock

__all__ = ["Later"]

log = structlog.get_logger()
MOST_WAITING = 10_000


class Later:
    """Deferred work of one stand-in; what it changed is stored when it is done."""

    def __init__(self, clock: Clock, commit: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._commit = commit
        self._order = itertools.count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._sleeping: set[asyncio.Task[None]] = set()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do it then; at once where there is nothing to wait for, or ten thousand wait."""
        if seconds <= 0 or len(self._due) >= MOST_WAITING:
            act()
            return
        due = self._clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order), act))
        task = asyncio.create_task(self._wake(due))
        self._sleeping.add(task)
        task.add_done_callback(self._sleeping.discard)

    def catch_up(self) -> None:
        """Do what is due: before a request is answered, that nobody sees a moment at which it should have been done."""
        while self._due and self._due[0][0] <= self._clock.now():
            _, _, act = heapq.heappop(self._due)
            try:
                act()
            except Exception:
                log.exception("later.failed")

    def clear(self) -> None:
        """Forget what waits."""
        self._due.clear()
        for task in list(self._sleeping):
            task.cancel()

    async def _wake(self, due: datetime) -> None:
        await self._clock.sleep((due - self._clock.now()).total_seconds())
        self.catch_up()
        await self._commit()
