"""The process that lives through the year and publishes what happens."""

import asyncio
import time
from collections.abc import Iterator
from ctypes import c_double, c_longlong
from dataclasses import dataclass

from lgsp.bus import Bus, BusParts, publish_when_there_is_room
from lgsp.channels import Keys, Server
from lgsp.message import Message
from lgsp.process import run
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.simulate.clock import YearClock
from lgsp.simulate.messages import message_of
from lgsp.simulate.plan import Plan, Tally, deeds

__all__ = ["Shared", "Target", "publish_year"]

_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Shared:
    """What both processes see: the moment in the year (Unix seconds), and how many messages are accepted."""

    moment: c_double
    accepted: c_longlong


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
    clock = YearClock(shared.moment)
    systems = dict.fromkeys(target.systems)
    router = Router(target.routes)
    parts = BusParts(
        server,
        Keys(partitions=target.partitions),
        router,
        SchemaRegistry(),
        clock,
        systems,
        target.max_waiting,
    )
    bus = Bus(parts)
    try:
        flow = _flow(plan, clock, tally)
        await asyncio.gather(*(_hand(bus, flow, shared, plan) for _ in range(_AT_ONCE)))
    finally:
        await server.aclose()
    return 0


def _flow(plan: Plan, clock: YearClock, tally: Tally) -> Iterator[Message]:
    for at, deed in deeds(plan):
        clock.set(at)
        tally.count(deed)
        yield message_of(at, deed)


async def _hand(bus: Bus, flow: Iterator[Message], shared: Shared, plan: Plan) -> None:
    """One of the hands; all of them take from the same flow, so that what is accepted keeps its order by subject."""
    began, first = time.monotonic(), None
    for message in flow:
        first = first or message.time
        if plan.speed:
            ahead = (message.time - first).total_seconds() / plan.speed - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, ahead))
        await publish_when_there_is_room(bus, message)
        shared.accepted.value += 1
