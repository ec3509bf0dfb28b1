"""The clock of a running system, which a person may steer."""

import asyncio
import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from lgsp.clock.change import ClockChange, bounded, later, parse_moment
from lgsp.clock.clocks import Clock, SystemClock
from lgsp.errors import WrongValueError

__all__ = ["SteerableClock", "clock_view"]

# A loop that sleeps for a second would run a million times in twelve days; on this grid it runs this often.
_STEPS = 64
# Who waits for a sleeper may be some tasks away from it, and may have a disk or a peer to ask before it sleeps again.
_TURNS = 8
_SETTLE_S = 0.004


@dataclass(eq=False, slots=True)
class _Sleeper:
    wanted: datetime
    due: datetime
    order: int
    woken: asyncio.Future[None]
    timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)

    def arm(self, seconds: float) -> None:
        self.timer = self.woken.get_loop().call_later(max(0.0, seconds), self.wake)

    def disarm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(frozen=True, slots=True)
class _Grid:
    start: datetime
    step: timedelta

    def due(self, now: datetime, wanted: datetime) -> datetime:
        """When a sleep that began during an advance ends: at its moment, but short ones at the next point of the grid."""
        if wanted - now >= self.step:
            return wanted
        return self.start + self.step * -((self.start - wanted) // self.step)


class SteerableClock:
    """The machine's clock until somebody steers it: then it stands, or runs on with an offset. Steering ends with the process.

    For what belongs to the world that is played; leases, heartbeats and HTTP time limits stay on real time.
    """

    def __init__(self) -> None:
        self.identity = uuid.uuid4().hex[:12]
        self._machine = SystemClock()
        self._offset = timedelta()
        self._held: datetime | None = None
        self._grid: _Grid | None = None
        self._sleepers: set[_Sleeper] = set()
        self._order = itertools.count()
        self._hand = asyncio.Lock()

    @property
    def is_frozen(self) -> bool:
        """Whether it stands."""
        return self._held is not None

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's clock."""
        return self._offset if self._held is None else self._held - self._machine.now()

    def now(self) -> datetime:
        """The moment, with time zone Asia/Ho_Chi_Minh."""
        return self._machine.now() + self._offset if self._held is None else self._held

    async def sleep(self, seconds: float) -> None:
        """Wait: in real time, or until the clock was advanced that far, whichever it is by then."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        now, woken = self.now(), asyncio.get_running_loop().create_future()
        wanted = now + max(timedelta(seconds=seconds), timedelta.resolution)
        due = self._grid.due(now, wanted) if self._grid else wanted
        sleeper = _Sleeper(wanted, due, next(self._order), woken)
        self._sleepers.add(sleeper)
        if self._held is None:
            sleeper.arm(seconds)
        try:
            await woken
        finally:
            sleeper.disarm()
            self._sleepers.discard(sleeper)

    async def freeze(self, moment: datetime | None = None) -> None:
        """Stand, now or at `moment`; on the way to a later one sleepers wake, and before an earlier one they wait as long as before."""
        async with self._hand:
            now = self._hold()
            if moment is None:
                return
            target = bounded(moment)
            if target >= now:
                await self._walk(now, target)
                return
            self._held = target
            for sleeper in self._sleepers:
                sleeper.wanted = sleeper.due = sleeper.due - (now - target)

    async def advance(self, by: timedelta) -> None:
        """Move on, waking each sleeper at its own moment and letting it run before the next.

        A loop of sleeps shorter than a 64th of `by` is woken 64 times and not at each of its moments.

        Raises:
            ValueError: backwards, or beyond what clocks here may show.
        """
        if by < timedelta():
            raise WrongValueError(
                "time advances; to set it back, freeze at an earlier moment",
                "thời gian chỉ tiến; muốn lùi, hãy dừng đồng hồ ở một thời điểm sớm hơn",
            )
        async with self._hand:
            was_frozen = self.is_frozen
            target = bounded(self.now() + by)
            now = self._hold()
            try:
                await self._walk(now, target)
            finally:
                if not was_frozen:
                    self._release(now=self.now())

    async def resume(self) -> None:
        """Run on from where it stands."""
        async with self._hand:
            if self._held is not None:
                self._release(now=self._held)

    async def change(self, change: ClockChange) -> None:
        """Freeze, then advance, then resume: whichever of these is asked for.

        Raises:
            ValueError: the moment lies beyond what clocks here may show.
        """
        if change.freeze is not None:
            await self.freeze(None if change.freeze is True else parse_moment(change.freeze))
        if change.advance is not None:
            now = self.now()
            await self.advance(later(now, change.advance) - now)
        if change.resume is not None:
            await self.resume()

    def _hold(self) -> datetime:
        if self._held is None:
            self._held = self.now()
            for sleeper in self._sleepers:
                sleeper.disarm()
        return self._held

    def _release(self, *, now: datetime) -> None:
        self._offset, self._held = now - self._machine.now(), None
        for sleeper in self._sleepers:
            sleeper.arm((sleeper.due - now).total_seconds())

    async def _walk(self, start: datetime, target: datetime) -> None:
        self._grid = _Grid(start, max((target - start) / _STEPS, timedelta.resolution))
        try:
            while waiting := [sleeper.due for sleeper in self._sleepers if sleeper.due <= target]:
                await self._wake_all(max(self.now(), min(waiting)))
        finally:
            self._grid = None
            for sleeper in self._sleepers:
                sleeper.due = sleeper.wanted
        self._held = target

    async def _wake_all(self, moment: datetime) -> None:
        self._held = moment
        due = [sleeper for sleeper in self._sleepers if sleeper.due <= moment]
        for sleeper in sorted(due, key=lambda each: (each.wanted, each.order)):
            self._sleepers.discard(sleeper)
            sleeper.wake()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        await asyncio.sleep(_SETTLE_S)


def clock_view(clock: Clock) -> dict[str, JsonValue]:
    """How a clock stands, for its control pages. Two places with the same `clock` share one."""
    if not isinstance(clock, SteerableClock):
        return {"now": clock.now().isoformat()}
    return {
        "now": clock.now().isoformat(),
        "frozen": clock.is_frozen,
        "offset_s": round(clock.offset.total_seconds(), 3),
        "clock": clock.identity,
    }
