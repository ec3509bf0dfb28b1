"""A clock that is steered: it stands, jumps and runs on, and who sleeps on it wakes in order."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from lgsp.clock import (
    VIETNAM,
    ClockChange,
    SteerableClock,
    SystemClock,
    VirtualClock,
    check_duration,
    clock_view,
    later,
    parse_moment,
)
from waiting import eventually

pytestmark = pytest.mark.unit

MONDAY = datetime(2026, 11, 23, 8, tzinfo=VIETNAM)


@pytest.fixture
async def clock() -> SteerableClock:
    """Stands on a Monday morning."""
    steered = SteerableClock()
    await steered.freeze(MONDAY)
    return steered


class Sleepers:
    """Tasks that note when they woke, by the clock that they slept on."""

    def __init__(self, clock: SteerableClock) -> None:
        self.clock = clock
        self.woke: list[tuple[str, timedelta]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def note(self, name: str) -> None:
        self.woke.append((name, self.clock.now() - MONDAY))

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(asyncio.ensure_future(work()))
        await asyncio.sleep(0)

    async def once(self, name: str, *pauses: float) -> None:
        async def work() -> None:
            for pause in pauses:
                await self.clock.sleep(pause)
                self.note(name)

        await self.start(work)

    async def loop(self, name: str, pause: float) -> None:
        async def work() -> None:
            while True:
                await self.clock.sleep(pause)
                self.note(name)

        await self.start(work)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def sleepers(clock: SteerableClock):
    started = Sleepers(clock)
    yield started
    await started.stop()


def seconds(woke: list[tuple[str, timedelta]]) -> list[tuple[str, float]]:
    return [(name, at.total_seconds()) for name, at in woke]


async def test_a_clock_that_nobody_steered_shows_the_machines_time_and_sleeps_in_real_time():
    clock, machine = SteerableClock(), SystemClock()
    before = machine.now()
    await clock.sleep(0.01)
    assert before + timedelta(seconds=0.009) <= clock.now() <= machine.now()
    assert clock_view(clock) | {"now": "", "clock": ""} == {
        "now": "", "frozen": False, "offset_s": 0.0, "clock": "",
    }  # fmt: skip


async def test_frozen_time_stands_and_so_does_who_sleeps(clock, sleepers):
    await sleepers.once("short", 0.001)
    await SystemClock().sleep(0.02)
    assert clock.now() == MONDAY
    assert sleepers.woke == []


async def test_sleepers_wake_in_order_each_at_its_own_moment(clock, sleepers):
    for name, pause in (("third", 300.0), ("first", 5.0), ("second", 60.0), ("later", 301.0)):
        await sleepers.once(name, pause)
    await clock.advance(timedelta(minutes=5))
    assert seconds(sleepers.woke) == [("first", 5.0), ("second", 60.0), ("third", 300.0)]
    assert clock.now() == MONDAY + timedelta(minutes=5)


async def test_a_sleeper_that_sleeps_again_takes_its_turn_among_the_others(clock, sleepers):
    await sleepers.once("twice", 10.0, 20.0)
    await sleepers.once("between", 20.0)
    await clock.advance(timedelta(seconds=40))
    assert seconds(sleepers.woke) == [("twice", 10.0), ("between", 20.0), ("twice", 30.0)]


async def test_an_advance_in_parts_wakes_at_the_same_moments_as_in_one(clock, sleepers):
    await sleepers.once("one", 90.0)
    for _ in range(3):
        await clock.advance(timedelta(seconds=40))
    assert seconds(sleepers.woke) == [("one", 90.0)]


async def test_loops_of_a_second_do_not_run_a_million_times_in_fifteen_working_days(clock, sleepers):
    await sleepers.loop("poll", 1.0)
    await sleepers.loop("people", 0.2)
    await sleepers.once("due", timedelta(days=3).total_seconds())
    await asyncio.wait_for(clock.change(ClockChange(advance="15wd")), timeout=5)
    names = [name for name, _ in sleepers.woke]
    assert 64 <= names.count("poll") <= 66
    assert 64 <= names.count("people") <= 66
    assert ("due", timedelta(days=3)) in sleepers.woke
    moments = [at for _, at in sleepers.woke]
    assert moments == sorted(moments)
    assert clock.now() == datetime(2026, 12, 15, 8, tzinfo=VIETNAM)


async def test_after_an_advance_a_loop_goes_on_at_its_own_pace(clock, sleepers):
    await sleepers.loop("poll", 1.0)
    await clock.advance(timedelta(days=1))
    sleepers.woke.clear()
    await clock.advance(timedelta(seconds=2))
    assert [at.total_seconds() for _, at in sleepers.woke] == [86401.0, 86402.0]


@pytest.mark.parametrize("pause", [1e-9, 1e-6])
async def test_the_shortest_of_sleeps_ends_the_walk_too(clock, sleepers, pause):
    await sleepers.loop("busy", pause)
    await asyncio.wait_for(clock.advance(timedelta(microseconds=5)), timeout=5)
    assert 1 <= len(sleepers.woke) <= 64


async def test_a_sleeper_that_gave_up_is_not_woken_and_is_forgotten(clock, sleepers):
    await sleepers.once("gone", 5.0)
    await sleepers.stop()
    await clock.advance(timedelta(seconds=10))
    assert sleepers.woke == []
    assert not clock._sleepers


async def test_a_running_clock_jumps_and_runs_on():
    clock = SteerableClock()
    sleepers = Sleepers(clock)
    await sleepers.once("an hour", 3600.0)
    await clock.advance(timedelta(hours=2))
    assert [name for name, _ in sleepers.woke] == ["an hour"]
    assert not clock.is_frozen
    assert timedelta(minutes=119) < clock.offset < timedelta(minutes=121)
    await clock.sleep(0.001)


async def test_a_sleeper_of_before_the_freeze_ends_in_real_time_after_the_resume():
    clock = SteerableClock()
    sleepers = Sleepers(clock)
    await sleepers.once("soon", 0.02)
    await clock.freeze()
    await SystemClock().sleep(0.04)
    assert sleepers.woke == []
    await clock.resume()
    await eventually(lambda: len(sleepers.woke) == 1, "woken")


async def test_time_that_is_set_back_keeps_sleepers_as_long_as_before(clock, sleepers):
    await sleepers.once("one", 60.0)
    await clock.freeze(MONDAY - timedelta(days=1))
    await clock.advance(timedelta(seconds=59))
    assert sleepers.woke == []
    await clock.advance(timedelta(seconds=1))
    assert len(sleepers.woke) == 1


async def test_freezing_at_a_later_moment_wakes_who_slept_on_the_way(clock, sleepers):
    await sleepers.once("one", 60.0)
    await clock.freeze(MONDAY + timedelta(hours=1))
    assert seconds(sleepers.woke) == [("one", 60.0)]
    assert clock.now() == MONDAY + timedelta(hours=1)


async def test_time_does_not_advance_backwards(clock):
    with pytest.raises(ValueError, match="freeze at an earlier moment"):
        await clock.advance(timedelta(seconds=-1))
    assert clock.now() == MONDAY


async def test_two_that_advance_at_once_add_up(clock):
    await asyncio.gather(clock.advance(timedelta(hours=1)), clock.advance(timedelta(hours=2)))
    assert clock.now() == MONDAY + timedelta(hours=3)


async def test_an_advance_that_is_cut_short_leaves_a_running_clock_running(sleepers):
    clock = SteerableClock()
    reached = asyncio.Event()

    async def sleeper() -> None:
        await clock.sleep(60)
        reached.set()
        await clock.sleep(0.001)

    waiting = asyncio.ensure_future(sleeper())
    await asyncio.sleep(0)
    cut = asyncio.ensure_future(clock.advance(timedelta(hours=1)))
    await reached.wait()
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert not clock.is_frozen
    await asyncio.wait_for(waiting, timeout=5)


async def test_a_change_freezes_then_advances_then_resumes():
    clock = SteerableClock()
    await clock.change(ClockChange(freeze="2026-11-23T08:00", advance="2wd"))
    assert (clock.now(), clock.is_frozen) == (MONDAY + timedelta(days=3), True)
    await clock.change(ClockChange(resume=True))
    assert not clock.is_frozen
    assert clock.now() >= MONDAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("duration", "moment"),
    [
        ("90s", "2026-11-27T16:31:30+07:00"),
        ("5m", "2026-11-27T16:35:00+07:00"),
        ("2h", "2026-11-27T18:30:00+07:00"),
        ("3d", "2026-11-30T16:30:00+07:00"),
        ("1wd", "2026-11-30T16:30:00+07:00"),
        ("25wd", "2027-01-04T16:30:00+07:00"),
    ],
)
def test_durations_count_from_a_friday_afternoon(duration, moment):
    assert later(datetime(2026, 11, 27, 16, 30, tzinfo=VIETNAM), duration).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", "5", "d", "-3d", "0s", "1.5h", "3 d", "3D", "3d ", "3d\n", "٣d", "15 wd", "3661d", "9" * 10 + "s"]
)  # fmt: skip
def test_what_is_no_duration_is_told_with_the_way_to_write_one(text):
    with pytest.raises(ValueError, match=r"no duration; write 90s|ten years at most"):
        check_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01", "2026-12-01T00:00:00+07:00"),
        ("2026-12-01T08:00", "2026-12-01T08:00:00+07:00"),
        ("2026-12-01T08:00:00Z", "2026-12-01T15:00:00+07:00"),
    ],
)
def test_a_moment_without_a_zone_is_vietnamese(text, moment):
    assert parse_moment(text).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", "now", "1795000000", "1999-12-31", "2100-01-02", "0001-01-01", "9999-12-31"]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match=r"no moment|clocks here show 2000 to 2100"):
        parse_moment(text)


async def test_nobody_advances_beyond_the_century(clock):
    await clock.freeze(datetime(2099, 1, 1, tzinfo=VIETNAM))
    with pytest.raises(ValueError, match="2000 to 2100"):
        await clock.change(ClockChange(advance="3660d"))
    assert clock.now() == datetime(2099, 1, 1, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    "change",
    [
        {}, {"freeze": False}, {"freeze": "soon"}, {"advance": 5}, {"advance": "x"},
        {"resume": False}, {"forward": "3d"},
    ],
)  # fmt: skip
def test_a_change_that_asks_for_nothing_or_nonsense_is_refused(change):
    with pytest.raises(ValueError, match="validation error"):
        ClockChange.model_validate(change)


def test_another_clock_shows_its_time_only():
    assert clock_view(VirtualClock(MONDAY)) == {"now": "2026-11-23T08:00:00+07:00"}
