"""The processes of a measurement: whoever publishes, works, or stores. Each says when it is ready, and at its end its CPU in seconds."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Event

from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import SMALL_BYTES, documents
from lgsp.bus import Bus, BusParts, JournalTap, Worker, WorkerSettings, publish_when_there_is_room
from lgsp.channels import Keys, Server
from lgsp.clock import SystemClock
from lgsp.message import Message
from lgsp.process import give_way, run
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.store import MessageStore

__all__ = ["SPAWN", "Part", "Place", "bus_at", "publish", "tap", "work"]

SPAWN = multiprocessing.get_context("spawn")
_PUBLISHERS = 512


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is. `max_waiting` bounds what is accepted and not yet delivered."""

    url: str
    store_url: str = ""
    partitions: int = 4
    max_waiting: int = 100_000


class Part:
    """One process, from here. `told` is its sign: to begin, for a publisher, and to stop, for the others."""

    def __init__(self, target: Callable[..., None], place: Place, *arguments: object) -> None:
        self.told: Event = SPAWN.Event()
        self._answer = SPAWN.SimpleQueue()
        self._process = SPAWN.Process(
            target=target, args=(place, self.told, self._answer, *arguments), daemon=True
        )
        self._process.start()

    async def answer(self) -> float:
        """The next that it says."""
        return float(await asyncio.to_thread(self._answer.get))

    async def stop(self) -> float:
        """Its CPU seconds; it ends by itself."""
        self.told.set()
        seconds = await self.answer()
        await asyncio.to_thread(self._process.join)
        return seconds


class _Counts:
    """A system in this process."""

    async def send(self, delivery: Delivery) -> Receipt:
        return Receipt(delivery.message.id)


def bus_at(place: Place, sink: object) -> Bus:
    """With one system, `sink`, that gets every document."""
    routes = [Route("out", ("document.*",), ("sink",), recipients=("*.G22",))]
    return Bus(
        BusParts(
            Server(place.url),
            Keys(partitions=place.partitions),
            Router(routes),
            SchemaRegistry(),
            SystemClock(),
            {"sink": sink},
            place.max_waiting,
        )
    )


def publish(
    place: Place, go: Event, answer: "multiprocessing.SimpleQueue[float]", count: int, at_once: int, size_bytes: int = SMALL_BYTES,
) -> None:  # fmt: skip
    """`at_once` documents are made before their turn, so that making them costs nothing while it is measured."""

    async def publish_all() -> int:
        bus = bus_at(place, None)
        await bus.parts.server.open()
        load, cpu = documents(count, size_bytes), 0.0
        made = [message for message, _ in zip(load, range(at_once), strict=False)]
        answer.put(0.0)
        await asyncio.to_thread(go.wait)
        while made:
            began, waiting = time.process_time(), iter(made)
            await asyncio.gather(*(_publisher(bus, waiting) for _ in range(_PUBLISHERS)))
            cpu += time.process_time() - began
            made = [message for message, _ in zip(load, range(at_once), strict=False)]
        answer.put(cpu)
        await bus.parts.server.aclose()
        return 0

    run(publish_all())


def work(place: Place, stop: Event, answer: "multiprocessing.SimpleQueue[float]") -> None:
    """A worker whose system only counts."""

    async def until_told() -> int:
        bus, stopping = bus_at(place, _Counts()), asyncio.Event()
        await bus.parts.server.open()
        await bus.open()
        cpu = time.process_time()
        working = asyncio.create_task(
            Worker(bus, f"worker-{id(answer)}-{time.time_ns()}", WorkerSettings()).run(stopping)
        )
        answer.put(0.0)
        await asyncio.to_thread(stop.wait)
        answer.put(time.process_time() - cpu)
        stopping.set()
        await working
        await bus.parts.server.aclose()
        return 0

    run(until_told())


def tap(place: Place, stop: Event, answer: "multiprocessing.SimpleQueue[float]") -> None:
    """The wire tap, as `lgsp up` has it in a process of its own."""

    async def until_told() -> int:
        give_way()
        server, store = Server(place.url), await MessageStore.open(place.store_url)
        stopping, cpu = asyncio.Event(), time.process_time()
        tapping = asyncio.create_task(
            JournalTap(server, Keys(partitions=place.partitions), store).run(stopping)
        )
        answer.put(0.0)
        await asyncio.to_thread(stop.wait)
        answer.put(time.process_time() - cpu)
        stopping.set()
        await tapping
        await store.aclose()
        await server.aclose()
        return 0

    run(until_told())


async def _publisher(bus: Bus, shared: Iterator[Message]) -> None:
    for message in shared:
        await publish_when_there_is_room(bus, message)
