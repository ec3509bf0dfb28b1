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

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        return datetime.fromtimestamp(self._seconds.value, tz=VIETNAM)

    def set(self, moment: datetime) -> None:
        """Move on to a moment."""
        self._seconds.value = moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)
