"""The process that lives through the year and publishes what happens."""

import asyncio
import time
from collections.abc import Iterator
from ctypes import c_double, c_longlong
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from lgsp.bus import Bus, BusParts, publish_all_when_there_is_room
from lgsp.channels import Keys, Server
from lgsp.message import Message
from lgsp.process import run
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.simulate.clock import YearClock
from lgsp.simulate.messages import message_of
from lgsp.simulate.plan import Plan, Tally, deeds

__all__ = ["Shared", "Target", "publish_year"]

_HANDS, _EACH = 2, 512
"""One makes its messages while those of the other are accepted."""
_PACED_HANDS = 512
_AHEAD = 2048
"""So many may have been accepted and not yet have arrived. With more, the worker reads messages twice, since it remembers only the last,
and fewer of a message's steps come to the store together.
"""
_LOOK_S = 0.005


@dataclass(frozen=True, slots=True)
class Shared:
    """What both processes see: the moment in the year (Unix seconds), and how many messages are accepted, and have arrived."""

    moment: c_double
    accepted: c_longlong
    arrived: c_longlong


@dataclass(frozen=True, slots=True)
class Target:
    """The bus to publish to."""

    url: str
    systems: tuple[str, ...]
    partitions: int
    max_waiting: int
    routes: tuple[Route, ...]


def publish_year(target: Target, plan: Plan, shared: Shared) -> Tally:
    """Publish everything that the plan has, in its order, and say what that was."""
    tally = Tally()
    run(_publish(target, plan, shared, tally))
    return tally


async def _publish(target: Target, plan: Plan, shared: Shared, tally: Tally) -> int:
    server = await Server(target.url).open()
    systems = dict.fromkeys(target.systems)
    router = Router(target.routes)
    parts = BusParts(
        server,
        Keys(partitions=target.partitions),
        router,
        SchemaRegistry(),
        YearClock(shared.moment),
        systems,
        target.max_waiting,
    )
    bus, room = Bus(parts), asyncio.Event()
    looking = asyncio.create_task(_look(shared, room))
    try:
        flow = _flow(plan, tally)
        hands = _PACED_HANDS if plan.speed else _HANDS
        pace = _Pace(plan)
        await asyncio.gather(*(_hand(bus, flow, shared, pace, room) for _ in range(hands)))
    finally:
        looking.cancel()
        await server.aclose()
    return 0


def _flow(plan: Plan, tally: Tally) -> Iterator[Message]:
    for at, deed in deeds(plan):
        tally.count(deed)
        yield message_of(at, deed)


async def _look(shared: Shared, room: asyncio.Event) -> None:
    """Keep the publisher within reach of the worker; it goes on in bursts, since what comes at once is accepted together."""
    while True:
        ahead = shared.accepted.value - shared.arrived.value
        if ahead >= _AHEAD:
            room.clear()
        elif ahead <= _AHEAD // 2:
            room.set()
        await asyncio.sleep(_LOOK_S)


class _Pace:
    """When what happens in the year is due, one time for all hands: each by its own, they would overtake one another."""

    def __init__(self, plan: Plan) -> None:
        self.speed = plan.speed
        self._began = time.monotonic()
        self._first: datetime | None = None

    async def until(self, moment: datetime) -> None:
        """Wait for it."""
        self._first = self._first or moment
        due_s = (moment - self._first).total_seconds() / self.speed
        await asyncio.sleep(max(0.0, due_s - (time.monotonic() - self._began)))


async def _hand(bus: Bus, flow: Iterator[Message], shared: Shared, pace: _Pace, room: asyncio.Event) -> None:
    """One of the hands; all of them take from the same flow, so that what is accepted keeps its order by subject."""
    while messages := list(islice(flow, 1 if pace.speed else _EACH)):
        if pace.speed:
            await pace.until(messages[0].time)
        shared.moment.value = messages[-1].time.timestamp()
        await publish_all_when_there_is_room(bus, messages)
        shared.accepted.value += len(messages)
        if not room.is_set():
            await room.wait()
