"""One virtual time for several processes: one of them moves it, all read it."""

import asyncio
from ctypes import c_double
from datetime import datetime, timedelta

from lgsp.clock import VIETNAM, SystemClock

__all__ = ["AheadClock", "YearClock"]


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


class AheadClock:
    """Runs as the machine's does, ahead of it by what is shared. Who waits on it waits in real time, however far it is moved."""

    def __init__(self, seconds: c_double) -> None:
        self._seconds = seconds
        self._seen = 0.0
        self._ahead = timedelta()
        self._machine = SystemClock()

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        if (seconds := self._seconds.value) != self._seen:
            self._seen, self._ahead = seconds, timedelta(seconds=seconds)
        return self._machine.now() + self._ahead

    def set(self, moment: datetime) -> None:
        """Move to a moment, and run on from there: in every process at once."""
        self._seconds.value = (moment - self._machine.now()).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)
