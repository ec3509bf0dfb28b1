"""A clock that a fault puts out of true, for as long as one piece of work lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from lgsp.clock import Clock

__all__ = ["SkewedClock", "skewed_by"]

_skew: ContextVar[timedelta | None] = ContextVar("skew", default=None)


class SkewedClock:
    """The stand-in's clock as it sees it itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The moment, skewed where a fault says so."""
        skew = _skew.get()
        return self._clock.now() + skew if skew else self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Wait on the true clock: a wrong clock runs as fast as a right one."""
        await self._clock.sleep(seconds)


@contextmanager
def skewed_by(seconds: float | None) -> Iterator[None]:
    """Whatever is done inside sees another time; None leaves it as it is."""
    if seconds is None:
        yield
        return
    token = _skew.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _skew.reset(token)
