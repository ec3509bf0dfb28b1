"""The working days of a Vietnamese office."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import cached_property
from importlib import import_module

from lgsp.clock.clocks import VIETNAM

__all__ = ["WorkCalendar"]


class WorkCalendar:
    """Working days: Monday to Friday without public holidays (Bộ luật Lao động 2019, Điều 112), overridable by day."""

    def __init__(self, *, closed: Collection[date] = (), opened: Collection[date] = ()) -> None:
        self._closed = frozenset(closed)
        self._opened = frozenset(opened)

    @cached_property
    def _holidays(self) -> Collection[date]:
        # 30 ms to import, and most processes never ask for a working day.
        found: Collection[date] = import_module("holidays").country_holidays("VN")
        return found

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day; days that were moved by decision are given to the constructor."""
        if day in self._opened:
            return True
        return day.weekday() < 5 and day not in self._closed and day not in self._holidays

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The same hour, that many working days after `start`; the day of `start` itself does not count."""
        moment = start
        left = days
        while left > 0:
            moment += timedelta(days=1)
            if self.is_working_day(moment.astimezone(VIETNAM).date()):
                left -= 1
        return moment
