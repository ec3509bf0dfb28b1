"""The wire tap: one leads and others stand by, in this process or in one of its own."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from builders import message
from lgsp.bus import Bus, BusParts, JournalTap
from lgsp.channels import Keys, Server
from lgsp.clock import SystemClock
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.store import MessageQuery, MessageStore
from lgsp.tap_process import TapPlaces, TapProcess

pytestmark = pytest.mark.flow

KEYS = Keys(partitions=3)


@pytest.fixture
async def bus(valkey: str) -> AsyncIterator[Bus]:
    server = await Server(valkey).open()
    made = Bus(BusParts(server, KEYS, Router([]), SchemaRegistry(), SystemClock()))
    await made.open()
    yield made
    await server.aclose()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[MessageStore]:
    opened = await MessageStore.open(f"sqlite:///{tmp_path}/messages.db")
    yield opened
    await opened.aclose()


async def publish(bus: Bus, first: int, count: int) -> None:
    await asyncio.gather(
        *(bus.publish(message(f"m-{n}", subject=f"s-{n}")) for n in range(first, first + count))
    )


async def until(found: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(20):
        while not await found():  # noqa: ASYNC110 - another process has no event of ours
            await asyncio.sleep(0.02)
    assert await found(), what


async def stored(store: MessageStore) -> int:
    return len(await store.search(MessageQuery(limit=1000)))


async def test_a_tap_that_stops_has_stored_what_had_happened(bus: Bus, store: MessageStore) -> None:
    tap, stopping = JournalTap(bus.parts.server, KEYS, store), asyncio.Event()
    running = asyncio.create_task(tap.run(stopping))
    await asyncio.sleep(0)
    await publish(bus, 0, 300)
    await until(lambda: _some(store), "it has begun")
    stopping.set()
    await running
    assert await stored(store) == 300
    assert (await bus.waiting())["journal"] == 0


async def _some(store: MessageStore) -> bool:
    return await stored(store) > 0


async def test_the_one_that_stands_by_goes_on_when_the_first_is_gone(bus: Bus, store: MessageStore) -> None:
    stops = [asyncio.Event(), asyncio.Event()]
    taps = [asyncio.create_task(JournalTap(bus.parts.server, KEYS, store).run(stop)) for stop in stops]
    for turn, stop in enumerate(stops):
        await publish(bus, turn * 50, 50)

        async def all_there(wanted: int = turn * 50 + 50) -> bool:
            return await stored(store) == wanted

        await until(all_there, "stored by whoever leads")
        stop.set()
        await taps[turn]


async def test_what_another_tap_had_read_and_never_stored_is_stored(bus: Bus, store: MessageStore) -> None:
    await publish(bus, 0, 20)

    class LostError(Exception):
        """The process is gone in the middle of it."""

    class Dies:
        async def append(self, entries: object) -> None:
            raise LostError

    with pytest.raises(LostError):
        await JournalTap(bus.parts.server, KEYS, Dies()).run(asyncio.Event())
    stopping = asyncio.Event()
    running = asyncio.create_task(JournalTap(bus.parts.server, KEYS, store).run(stopping))

    async def all_there() -> bool:
        return await stored(store) == 20

    await until(all_there, "stored by the next")
    stopping.set()
    await running


async def test_a_tap_process_that_is_killed_comes_again_and_skips_nothing(
    bus: Bus, store: MessageStore, tmp_path: Path, valkey: str
) -> None:
    places = TapPlaces(
        redis_url=valkey, store_url=f"sqlite:///{tmp_path}/messages.db", partitions=3, log_level="WARNING"
    )
    told: Counter[tuple[str, str]] = Counter()
    async with TapProcess(places, told.update) as tap:
        await publish(bus, 0, 30)

        async def began() -> bool:
            return await stored(store) == 30

        await until(began, "the child stores")
        os.kill(tap.pid, signal.SIGKILL)
        await publish(bus, 30, 70)

        async def all_there() -> bool:
            return await stored(store) == 100

        await until(all_there, "the next child has the rest")
        await publish(bus, 100, 10)
    assert await stored(store) == 110, "what had happened by its end"
    assert told["accepted", "/systems/ioffice"] >= 110 - 30, (
        "and the parent was told, but for what died with the first child"
    )
