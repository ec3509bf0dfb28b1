"""When offices work: how a year's work falls on its hours."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from lgsp.clock import VIETNAM, WorkCalendar

__all__ = ["hours_of"]

_HOURS = {7: 0.6, 8: 1.6, 9: 1.5, 10: 1.2, 11: 0.4, 13: 0.7, 14: 1.4, 15: 1.4, 16: 1.0, 17: 0.2}
"""By hour of a working day; mornings and the middle of the afternoon are the peaks."""

_DAY_OFF = 0.02
_MONTHS = {2: 0.8, 6: 1.1, 12: 1.35}
_LAST_DAYS = {1: 1.9, 2: 1.6, 3: 1.3}
"""Working days left in the month, the day itself included: reports are due."""


def hours_of(year: int, total: int, calendar: WorkCalendar) -> Iterator[tuple[datetime, int]]:
    """The hours in which something happens, with how many of `total` things happen in each; together exactly `total`."""
    hours = list(_weighted(year, calendar))
    whole = sum(weight for _, weight in hours)
    reached = [0.0]
    for _, weight in hours:
        reached.append(reached[-1] + weight)
    bounds = [round(total * part / whole) for part in reached]
    for (hour, _), (before, after) in zip(hours, pairwise(bounds), strict=True):
        if after > before:
            yield hour, after - before


def _weighted(year: int, calendar: WorkCalendar) -> Iterator[tuple[datetime, float]]:
    day = datetime(year, 1, 1, tzinfo=VIETNAM)
    while day.year == year:
        busy = _weight_of(day, calendar)
        for hour, weight in _HOURS.items():
            yield day + timedelta(hours=hour), busy * weight
        day += timedelta(days=1)


def _weight_of(day: datetime, calendar: WorkCalendar) -> float:
    if not calendar.is_working_day(day.date()):
        return _DAY_OFF
    left, other = 1, day
    while (other := other + timedelta(days=1)).month == day.month and left < 4:
        left += calendar.is_working_day(other.date())
    return _MONTHS.get(day.month, 1.0) * _LAST_DAYS.get(left, 1.0)
