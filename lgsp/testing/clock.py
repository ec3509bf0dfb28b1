"""The world's clock, steered from a test."""

from collections.abc import Callable, Coroutine
from datetime import datetime

from lgsp.clock import ClockChange, SteerableClock

__all__ = ["WorldClock"]

Call = Callable[[Coroutine[object, object, None]], None]


class WorldClock:
    """One clock for the bus and all stand-ins of a test. Timers on the way fire in order before `advance` returns."""

    def __init__(self, clock: SteerableClock, call: Call) -> None:
        self._clock = clock
        self._call = call

    @property
    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        return self._clock.now()

    def freeze(self, moment: str | None = None) -> datetime:
        """Let time stand, now or at a moment (2026-12-01, or 2026-12-01T08:00 in Vietnam).

        Raises:
            ValueError: no moment.
        """
        return self._changed(ClockChange(freeze=moment or True))

    def advance(self, duration: str) -> datetime:
        """Move on by 90s, 5m, 2h, 3d, or 15wd: working days, without holidays.

        Raises:
            ValueError: no duration.
        """
        return self._changed(ClockChange(advance=duration))

    def resume(self) -> datetime:
        """Let time run on from where it stands."""
        return self._changed(ClockChange(resume=True))

    def _changed(self, change: ClockChange) -> datetime:
        self._call(self._clock.change(change))
        return self._clock.now()
