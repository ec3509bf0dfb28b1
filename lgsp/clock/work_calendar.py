"""The working days of a Vietnamese office."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import holidays

from lgsp.clock.clocks import VIETNAM

__all__ = ["WorkCalendar"]


class WorkCalendar:
    """Working days: Monday to Friday without public holidays (Bộ luật Lao động 2019, Điều 112), overridable by day."""

    def __init__(self, *, closed: Collection[date] = (), opened: Collection[date] = ()) -> None:
        self._holidays = holidays.country_holidays("VN")
        self._closed = frozenset(closed)
        self._opened = frozenset(opened)

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
