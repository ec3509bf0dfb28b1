"""One virtual time for two processes: the publisher writes it, the bus reads it."""

import asyncio
from ctypes import c_double
from datetime import datetime

from lgsp.clock import VIETNAM

__all__ = ["YearClock"]


class YearClock:
    """Shows the moment of the last deed. Waiting on it is waiting in real time: only what goes wrong waits."""

    def __init__(self, seconds: c_double) -> None:
        self._seconds = seconds
        self._seen = 0.0
        self._now = datetime.fromtimestamp(0.0, tz=VIETNAM)

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        if (seconds := self._seconds.value) != self._seen:
            self._seen, self._now = seconds, datetime.fromtimestamp(seconds, tz=VIETNAM)
        return self._now

    def set(self, moment: datetime) -> None:
        """Move on to a moment."""
        self._seen, self._now = moment.timestamp(), moment
        self._seconds.value = self._seen

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)
