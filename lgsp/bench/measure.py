"""publish -> route -> deliver -> receipt, with everything on, over a server and a store of its own.

The publisher is a process of its own, as adapters and gateways are; this process is the worker. Times come from a monotonic clock, CPU from
the operating system and from the server itself.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import SMALL_BYTES, documents
from lgsp.bench.parts import Part, Place, bus_at, publish, tap
from lgsp.bench.raw import RawLimit, raw_limit
from lgsp.bus import Bus, Worker, WorkerSettings
from lgsp.channels import Server
from lgsp.embedded import EmbeddedServer

__all__ = ["Figures", "Size", "measure"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much: messages of `size_bytes` for the rate; and for the latency as many bytes a second as 1,000 small ones have."""

    messages: int = 20_000
    size_bytes: int = SMALL_BYTES
    paced_s: float = 3.0

    @property
    def pace(self) -> int:
        """Messages a second, for the latency."""
        return max(1, 1_000 * SMALL_BYTES // max(SMALL_BYTES, self.size_bytes))

    @property
    def paced(self) -> int:
        """How many."""
        return int(self.pace * self.paced_s)


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Rates are messages per second, CPU microseconds per message, latencies milliseconds from publish to receipt."""

    delivered_per_s: float
    stored_per_s: float
    raw_per_s: float
    raw_journaled_per_s: float
    worker_us: float
    store_us: float
    publisher_us: float
    server_us: float
    p50_ms: float
    p99_ms: float
    server_mb: float

    @property
    def share_of_raw(self) -> float:
        """Of what the same server does in a bare loop over as many streams: inbox, out, journal."""
        return self.stored_per_s / self.raw_journaled_per_s


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
            raw = await raw_limit(embedded.url, size.messages, size.size_bytes)
        async with EmbeddedServer(Path(place) / "bus") as embedded:
            return await _through_the_bus(embedded.url, Path(place), size, raw)


async def _through_the_bus(url: str, folder: Path, size: Size, raw: RawLimit) -> Figures:
    sink, place = _Sink(), Place(url, f"sqlite:///{folder}/messages.db")
    sink.expect(size.messages)
    bus = bus_at(place, sink)
    server, stopping = bus.parts.server, asyncio.Event()
    await server.open()
    await bus.open()
    working = asyncio.create_task(Worker(bus, "bench", WorkerSettings()).run(stopping))
    publisher, store = Part(publish, place, size.messages, size.messages, size.size_bytes), Part(tap, place)
    try:
        await publisher.answer()
        await store.answer()
        began, cpu, server_cpu = time.perf_counter(), time.process_time(), await _server_cpu(server)
        publisher.told.set()
        await sink.all_came.wait()
        delivered_s = time.perf_counter() - began
        while any((await bus.waiting()).values()):  # noqa: ASYNC110 - what another room does has no event of ours
            await asyncio.sleep(0.02)
        stored_s, worker_cpu = time.perf_counter() - began, time.process_time() - cpu
        server_cpu = await _server_cpu(server) - server_cpu
        publisher_cpu = await publisher.answer()
        memory = await server.information("memory")
        latencies = await _latencies(bus, sink, size)
        store_cpu = await store.stop()
    finally:
        stopping.set()
        store.told.set()
        await working
        await server.aclose()
    each = 1e6 / size.messages
    return Figures(
        delivered_per_s=size.messages / delivered_s,
        stored_per_s=size.messages / stored_s,
        raw_per_s=raw.two_streams,
        raw_journaled_per_s=raw.with_journal,
        worker_us=worker_cpu * each,
        store_us=store_cpu * 1e6 / (size.messages + size.paced),
        publisher_us=publisher_cpu * each,
        server_us=server_cpu * each,
        p50_ms=_at(latencies, 0.5),
        p99_ms=_at(latencies, 0.99),
        server_mb=int(memory["used_memory_peak"]) / 1e6,
    )


async def _latencies(bus: Bus, sink: _Sink, size: Size) -> list[float]:
    """Publish at a steady pace, and see how long each message takes."""
    sink.expect(size.paced)
    left: dict[str, float] = {}
    began = time.perf_counter()
    for number, message in enumerate(documents(size.paced, size.size_bytes)):
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
