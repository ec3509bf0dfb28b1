"""publish -> route -> deliver -> receipt, with everything on, over a server and a store of its own.

The publisher is a process of its own, as adapters and gateways are; this process is the worker. Times come from a monotonic clock, CPU from
the operating system and from the server itself.
"""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import documents
from lgsp.bench.raw import raw_limit
from lgsp.bus import Bus, BusParts, JournalTap, Worker, WorkerSettings
from lgsp.channels import Keys, Server
from lgsp.clock import SystemClock
from lgsp.embedded import EmbeddedServer
from lgsp.errors import BackpressureError
from lgsp.message import Message
from lgsp.process import run
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.store import MessageStore

__all__ = ["Figures", "Size", "measure"]

_PUBLISHERS = 512
_PARTITIONS = 4
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Size:
    """How much: messages for the rate; `paced` messages at `pace` a second for the latency."""

    messages: int = 20_000
    paced: int = 3_000
    pace: int = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Rates are messages per second, CPU microseconds per message, latencies milliseconds from publish to receipt."""

    delivered_per_s: float
    stored_per_s: float
    raw_per_s: float
    worker_us: float
    store_us: float
    publisher_us: float
    server_us: float
    p50_ms: float
    p99_ms: float
    server_mb: float

    @property
    def share_of_raw(self) -> float:
        """Of what the same server does in a bare loop with as many hops."""
        return self.delivered_per_s / self.raw_per_s


class _Sink:
    """A system in this process: it counts, and knows when each message came."""

    def __init__(self) -> None:
        self._left = 0
        self.came: dict[str, float] = {}
        self.all_came = asyncio.Event()

    def expect(self, count: int) -> None:
        self._left = count
        self.came.clear()
        self.all_came.clear()

    async def send(self, delivery: Delivery) -> Receipt:
        self.came[delivery.message.id] = time.perf_counter()
        self._left -= 1
        if not self._left:
            self.all_came.set()
        return Receipt(delivery.message.id)


async def measure(size: Size) -> Figures:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="lgsp-bench-") as place:
        async with EmbeddedServer(Path(place)) as embedded:
            raw = await raw_limit(embedded.url, size.messages)
        async with EmbeddedServer(Path(place) / "bus") as embedded:
            return await _through_the_bus(embedded.url, Path(place), size, raw)


async def _through_the_bus(url: str, place: Path, size: Size, raw: float) -> Figures:
    sink = _Sink()
    sink.expect(size.messages)
    bus = _bus(url, sink)
    server = bus.parts.server
    await server.open()
    await bus.open()
    stopping = asyncio.Event()
    working = asyncio.create_task(Worker(bus, "bench", WorkerSettings()).run(stopping))
    stop_tap, tap_answer = _SPAWN.Event(), _SPAWN.SimpleQueue()
    tap = _SPAWN.Process(
        target=_tap, args=(url, f"sqlite:///{place}/messages.db", stop_tap, tap_answer), daemon=True
    )
    tap.start()
    ready, go, answer = _SPAWN.Event(), _SPAWN.Event(), _SPAWN.SimpleQueue()
    publisher = _SPAWN.Process(target=_publish, args=(url, size.messages, ready, go, answer), daemon=True)
    publisher.start()
    try:
        await asyncio.to_thread(ready.wait)
        await asyncio.to_thread(tap_answer.get)
        began, cpu, server_cpu = time.perf_counter(), time.process_time(), await _server_cpu(server)
        go.set()
        await sink.all_came.wait()
        delivered_s = time.perf_counter() - began
        while any((await bus.waiting()).values()):  # noqa: ASYNC110 - what another room does has no event of ours
            await asyncio.sleep(0.02)
        stored_s, worker_cpu = time.perf_counter() - began, time.process_time() - cpu
        server_cpu = await _server_cpu(server) - server_cpu
        publisher_cpu = float(await asyncio.to_thread(answer.get))
        memory = await server.information("memory")
        stop_tap.set()
        store_cpu = float(await asyncio.to_thread(tap_answer.get))
        latencies = await _latencies(bus, sink, size)
    finally:
        stopping.set()
        await working
        stop_tap.set()
        await server.aclose()
        publisher.join()
    each = 1e6 / size.messages
    return Figures(
        delivered_per_s=size.messages / delivered_s,
        stored_per_s=size.messages / stored_s,
        raw_per_s=raw,
        worker_us=worker_cpu * each,
        store_us=store_cpu * each,
        publisher_us=publisher_cpu * each,
        server_us=server_cpu * each,
        p50_ms=_at(latencies, 0.5),
        p99_ms=_at(latencies, 0.99),
        server_mb=int(memory["used_memory_peak"]) / 1e6,
    )


def _bus(url: str, sink: _Sink | None) -> Bus:
    routes = [Route("out", ("document.*",), ("sink",), recipients=("*.G22",))]
    server = Server(url)
    parts = BusParts(
        server, Keys(partitions=_PARTITIONS), Router(routes), SchemaRegistry(), SystemClock(), {"sink": sink}
    )
    return Bus(parts)


def _publish(
    url: str, count: int, ready: Event, go: Event, answer: "multiprocessing.SimpleQueue[float]"
) -> None:
    async def work() -> int:
        bus = _bus(url, None)
        await bus.parts.server.open()
        load = list(documents(count))
        ready.set()
        go.wait()
        cpu, waiting = time.process_time(), iter(load)
        await asyncio.gather(*(_publisher(bus, waiting) for _ in range(_PUBLISHERS)))
        answer.put(time.process_time() - cpu)
        await bus.parts.server.aclose()
        return 0

    run(work())


def _tap(url: str, store_url: str, stop: Event, answer: "multiprocessing.SimpleQueue[float]") -> None:
    """The wire tap, as `lgsp up` has it in a process of its own. Answers when it is ready, and at its end with its CPU seconds."""

    async def work() -> int:
        server, store = Server(url), await MessageStore.open(store_url)
        stopping = asyncio.Event()
        tapping = asyncio.create_task(JournalTap(server, Keys(partitions=_PARTITIONS), store).run(stopping))
        await asyncio.sleep(0.2)
        cpu = time.process_time()
        answer.put(0.0)
        await asyncio.to_thread(stop.wait)
        answer.put(time.process_time() - cpu)
        stopping.set()
        await tapping
        await store.aclose()
        await server.aclose()
        return 0

    run(work())


async def _publisher(bus: Bus, shared: Iterator[Message]) -> None:
    for message in shared:
        await _insist(bus, message)


async def _insist(bus: Bus, message: Message) -> None:
    while True:
        try:
            await bus.publish(message)
        except BackpressureError as exc:
            await asyncio.sleep(exc.retry_after_s / 10)
        else:
            return


async def _latencies(bus: Bus, sink: _Sink, size: Size) -> list[float]:
    """Publish at a steady pace, and see how long each message takes."""
    sink.expect(size.paced)
    left: dict[str, float] = {}
    began = time.perf_counter()
    for number, message in enumerate(documents(size.paced)):
        again = message.model_copy(update={"id": f"paced-{number}"})
        await asyncio.sleep(max(0.0, began + number / size.pace - time.perf_counter()))
        left[again.id] = time.perf_counter()
        await bus.publish(again)
    await sink.all_came.wait()
    return sorted((sink.came[one] - sent) * 1000 for one, sent in left.items())


async def _server_cpu(server: Server) -> float:
    about = await server.information("cpu")
    return float(about["used_cpu_sys"]) + float(about["used_cpu_user"])


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
