"""Does a message cost the same, however many there are? Five series; writes benchmarks/growth.json, which plot.py draws.

.venv/bin/python benchmarks/growth.py [--series count backlog partitions workers cluster] [--largest 1000000]

Publisher, workers, wire tap and server are processes of their own. CPU is what the operating system and the server say they used, so it
tells something on a busy machine too; rates do only on an idle one.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from redis.asyncio import Redis

from lgsp.bench.parts import Part, Place, bus_at, publish, tap, work
from lgsp.bus import Bus
from lgsp.embedded import EmbeddedServer
from lgsp.process import run

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from chaos.servers import cluster  # noqa: E402 - the tests' servers are no package of the product

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
_MADE_AT_ONCE = 100_000
_LOOK_S = 0.05
_SERVER_MB = 16_384
_NO_BOUND = 10_000_000


@dataclass(frozen=True)
class Setup:
    """One point of a series. `backlog`: everything is published before the first worker starts."""

    series: str
    messages: int
    partitions: int = 4
    workers: int = 1
    nodes: int = 1
    backlog: bool = False


@dataclass(frozen=True)
class Point:
    """What it took. Rates in messages a second, CPU in microseconds a message, memory and store in bytes."""

    setup: Setup
    delivered_per_s: float
    stored_per_s: float
    publisher_us: float
    worker_us: float
    store_us: float
    server_us: float
    server_peak_bytes: int
    store_bytes: int


def setups(largest: int) -> Iterator[Setup]:
    """All of them, the small ones first."""
    for size in SIZES:
        if size <= largest:
            yield Setup("count", size)
    for size in SIZES:
        if size <= largest:
            yield Setup("backlog", size, backlog=True)
    for partitions in (1, 4, 16, 64):
        yield Setup("partitions", 50_000, partitions=partitions)
    for workers in (1, 2, 4):
        yield Setup("workers", 50_000, workers=workers)
    for nodes in (1, 3):
        yield Setup("cluster", 50_000, partitions=12, nodes=nodes)


class Nodes:
    """The servers of one measurement, asked directly."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    async def cpu_s(self) -> float:
        """All processor time that they used so far."""
        return sum([one["used_cpu_sys"] + one["used_cpu_user"] for one in await self._info("cpu")])

    async def peak_bytes(self) -> int:
        """Together, each at its own peak."""
        return sum([one["used_memory_peak"] for one in await self._info("memory")])

    async def _info(self, section: str) -> list[dict]:
        found = []
        for url in self._urls:
            async with Redis.from_url(url) as redis:
                found.append(await redis.info(section))
        return found


@asynccontextmanager
async def servers(setup: Setup, folder: Path) -> AsyncIterator[tuple[str, Nodes]]:
    """One, or a cluster of three; both with the append-only file on, written every second."""
    if setup.nodes == 1:
        async with EmbeddedServer(folder, max_memory_mb=_SERVER_MB) as one:
            yield one.url, Nodes([one.url])
    else:
        async with cluster(folder) as several:
            yield several.url, Nodes([node.url for node in several.primaries])


async def measure(setup: Setup) -> Point:
    """One point, on servers and a store of its own."""
    with tempfile.TemporaryDirectory(prefix="lgsp-growth-") as name:
        folder = Path(name)
        async with servers(setup, folder / "server") as (url, nodes):
            place = Place(url, f"sqlite:///{folder}/messages.db", setup.partitions, _NO_BOUND)
            return await _through(setup, place, nodes, folder)


async def _through(setup: Setup, place: Place, nodes: Nodes, folder: Path) -> Point:
    bus = bus_at(place, None)
    await bus.parts.server.open()
    await bus.open()
    store = Part(tap, place)
    await store.answer()
    publisher = Part(publish, place, setup.messages, min(setup.messages, _MADE_AT_ONCE))
    await publisher.answer()
    workers = [] if setup.backlog else await _workers(setup, place)
    began, server_cpu = time.perf_counter(), await nodes.cpu_s()
    publisher.told.set()
    published = asyncio.create_task(publisher.answer())
    if setup.backlog:
        await published
        await _until_empty(bus, ("journal",))
        began, workers = time.perf_counter(), await _workers(setup, place)
    publisher_cpu = await published
    await _until_empty(bus, ("inbox", "out:", "held:"))
    delivered_s = time.perf_counter() - began
    await _until_empty(bus, ("",))
    stored_s = time.perf_counter() - began
    server_cpu, peak = await nodes.cpu_s() - server_cpu, await nodes.peak_bytes()
    worker_cpu = sum([await worker.stop() for worker in workers])
    store_cpu = await store.stop()
    await bus.parts.server.aclose()
    each = 1e6 / setup.messages
    return Point(
        setup, setup.messages / delivered_s, setup.messages / stored_s, publisher_cpu * each, worker_cpu * each,
        store_cpu * each, server_cpu * each, peak, await asyncio.to_thread(_store_bytes, folder),
    )  # fmt: skip


def _store_bytes(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.glob("messages.db*"))


async def _workers(setup: Setup, place: Place) -> list[Part]:
    workers = [Part(work, place) for _ in range(setup.workers)]
    for worker in workers:
        await worker.answer()
    return workers


async def _until_empty(bus: Bus, names: tuple[str, ...]) -> None:
    """What other processes do has no event of ours."""
    while any(  # noqa: ASYNC110 - as above
        count for name, count in (await bus.waiting()).items() if name.startswith(names)
    ):
        await asyncio.sleep(_LOOK_S)


async def _points(wanted: Sequence[Setup], write: Callable[[Point], None]) -> int:
    for setup in wanted:
        write(await measure(setup))
    return 0


def main() -> int:
    """All series by default. Each point is written as soon as it is known; those of other series stay."""
    names = ["count", "backlog", "partitions", "workers", "cluster"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", nargs="+", choices=names, default=names)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--out", type=Path, default=HERE / "growth.json")
    wanted = parser.parse_args()
    known = json.loads(wanted.out.read_text()) if wanted.out.exists() else []
    points = [one for one in known if one["setup"]["series"] not in wanted.series]

    def write(point: Point) -> None:
        points.append(asdict(point))
        wanted.out.write_text(json.dumps(points, indent=1) + "\n")
        sys.stdout.write(json.dumps(asdict(point)) + "\n")
        sys.stdout.flush()

    return run(_points([one for one in setups(wanted.largest) if one.series in wanted.series], write))


if __name__ == "__main__":
    sys.exit(main())
