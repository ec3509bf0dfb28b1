"""A life over HTTP: what one document and one dossier cost, by process, through the four stand-ins; and deliveries a second.

.venv/bin/python benchmarks/life.py [--documents 1000] [--dossiers 100] [--deliveries 5000]

A life is a document from its issue in iOffice to the last status of its receiver, six packets; or a dossier from its receipt to its
result on both sides. CPU time is read from /proc, so this runs on Linux; it hardly depends on who else is on the machine, rates do.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import httpx

from lgsp.bench.load import documents
from lgsp.bootstrap import Overrides, running
from lgsp.bus import Worker, WorkerSettings
from lgsp.clock import SystemClock
from lgsp.http_client import HttpClient, HttpTransport
from lgsp.process import configure_log, run
from lgsp.settings import Settings, load
from lgsp.simulate.people import People
from lgsp.simulate.plan import Deed, Dossier, Paper, Plan, deeds
from lgsp.simulate.standins import clock_at
from lgsp.simulate.systems import province

_HANDS, _OPEN_AT_MOST = 16, 600
_LOOK_S, _STALLED_S = 0.25, 120.0
_ENDED = ("3", "7", "8", "10")
_WARM, _IDLE_S = 20, 5
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, its children not included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def processes() -> dict[str, int]:
    """The worker and whoever plays the people (this process), and its children, by what they are."""
    found = {child.name: child.pid for child in multiprocessing.active_children() if child.pid}
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        pid, parent, command = line.split(None, 2)
        if int(parent) == os.getpid() and "multiprocessing" not in command:
            found |= {
                name: int(pid)
                for name in ("valkey", "tap_process", "axis")
                if name in command.split(" --")[0]
            }
    return {"worker": os.getpid(), **found}


class _Meter:
    """CPU by process and requests by stand-in since it was made."""

    def __init__(self, http: httpx.AsyncClient, urls: Mapping[str, str]) -> None:
        self._http, self._urls = http, urls

    async def begin(self) -> None:
        self._pids = processes()
        self._requests = await self._all_requests()
        self._cpu = {name: cpu_of(pid) for name, pid in self._pids.items()}
        self._at = time.perf_counter()

    async def per(self, lives: int) -> dict[str, object]:
        """Milliseconds of CPU and requests for each of that many."""
        took = time.perf_counter() - self._at
        cpu = {
            name: round((cpu_of(pid) - self._cpu[name]) * 1000 / lives, 2) for name, pid in self._pids.items()
        }
        requests = await self._all_requests()
        calls = {name: round((requests[name] - self._requests[name]) / lives, 1) for name in requests}
        return {
            "lives": lives, "cpu_ms": round(sum(cpu.values()), 2), "by_process": cpu, "requests": calls, "per_s": round(lives / took, 1),
        }  # fmt: skip

    async def _all_requests(self) -> dict[str, int]:
        return {name: await self._requests_of(url) for name, url in self._urls.items()}

    async def _requests_of(self, url: str) -> int:
        text = (await self._http.get(f"{url}/metrics")).text
        line = next(line for line in text.splitlines() if line.startswith("lgsp_mock_requests_total"))
        return int(line.rpartition(" ")[2])


async def _live(
    people: People, todo: list[Deed], done: Callable[[], "asyncio.Future[int]"], before: int
) -> None:
    """All of them, no more than a few hundred open at once, to their ends."""
    waiting, begun, ended = iter(todo), 0, 0
    last = time.monotonic()
    while ended < len(todo):
        batch = list(islice(waiting, max(0, _OPEN_AT_MOST - (begun - ended))))
        for start in range(0, len(batch), _HANDS):
            await asyncio.gather(*(people.do(deed) for _, deed in batch[start : start + _HANDS]))
        begun += len(batch)
        now = await done() - before
        if now > ended:
            ended, last = now, time.monotonic()
        elif time.monotonic() - last > _STALLED_S:
            raise RuntimeError(f"{len(todo) - ended} of {len(todo)} did not end")
        await asyncio.sleep(_LOOK_S)


def _todo(count: int, *, papers: bool) -> list[Deed]:
    """The first of a year's documents, or of its dossiers as they are handed in."""
    plan = Plan(2025, count if papers else 1, count, out_only=True)
    wanted = (one for one in deeds(plan) if isinstance(one[1], Paper) == papers)
    return [one for one in wanted if isinstance(one[1], Paper) or not one[1].step][:count]


def _decided(handed_in: list[Deed]) -> list[Deed]:
    """How these dossiers end."""
    return [
        (at, replace(one, state=one.ends_as, step=2)) for at, one in handed_in if isinstance(one, Dossier)
    ]


async def _lives(settings: Settings, papers: int, dossiers: int) -> dict[str, object]:
    clock = clock_at(SystemClock().now())
    async with province(settings, clock) as (_, urls, http):
        people = People(http, urls)

        async def completed() -> int:
            return (await people.counts_by("ioffice", "documents", "status")).get("06", 0)

        async def ended() -> int:
            states = await people.counts_by("portal", "dossiers", "TrangThaiHoSo")
            return sum(states.get(state, 0) for state in _ENDED)

        async def with_the_department() -> int:
            return (await people.counts_by("portal", "dossiers", "TrangThaiHoSo")).get("4", 0)

        meter = _Meter(http, urls)
        found: dict[str, object] = {}
        await meter.begin()
        await asyncio.sleep(5.0)
        # What comes once is no part of any life: the first poll of the procedures, the keys that are made to sign with.
        await _live(people, _todo(_WARM, papers=True), completed, await completed())
        found["start"] = await meter.per(1)
        if papers:
            todo = _todo(papers, papers=True)
            await meter.begin()
            await _live(people, todo, completed, await completed())
            found["document"] = await meter.per(papers)
        if dossiers:
            todo = _todo(dossiers, papers=False)
            await meter.begin()
            await _live(people, todo, with_the_department, 0)
            await _live(people, _decided(todo), ended, 0)
            found["dossier"] = await meter.per(dossiers)
        await meter.begin()
        await asyncio.sleep(_IDLE_S)
        found["idle, each second"] = await meter.per(_IDLE_S)
        return found


@asynccontextmanager
async def _axis(folder: Path) -> AsyncIterator[str]:
    """The axis's stand-in with nobody in its agencies: what is accepted lies in their inboxes."""
    command = [
        sys.executable,
        "-m",
        "lgsp",
        "mock",
        "axis",
        "--no-autopilot",
        "--port",
        "0",
        "--json",
        "--data-dir",
        str(folder),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    if process.stdout is None:
        raise RuntimeError("it was given a pipe")
    try:
        yield str(json.loads(await process.stdout.readline())["url"])
    finally:
        process.terminate()
        await process.wait()


async def _deliveries(settings: Settings, count: int) -> dict[str, object]:
    """From the streams to the axis's acceptance, by one worker; everything is published before it starts."""
    async with _axis(settings.data_dir / "axis") as url:
        axis = settings.systems["axis"].model_copy(update={"url": url})
        pointed = settings.model_copy(
            update={"systems": settings.systems | {"axis": axis}, "wire_log": False}
        )
        async with (
            running(pointed, only=frozenset({"store"}), overrides=Overrides(tap_apart=True)) as system,
            HttpClient(HttpTransport(max_connections=1), timeout_s=60.0) as http,
        ):
            if system.bus is None:
                raise RuntimeError("a bus was started")
            for message in documents(count):
                await system.bus.publish(message)
            meter, people, stopping = (
                _Meter(http, {"axis": url}),
                People(http, {"axis": url}),
                asyncio.Event(),
            )
            pauses = {"poll_interval_s": dict.fromkeys(pointed.systems, 3600.0)}
            worker = Worker(system.bus, "bench", WorkerSettings(**pauses))
            await meter.begin()
            working = asyncio.create_task(worker.run(stopping))
            while (await people.counts("axis")).get("packets", 0) < count:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
            found = await meter.per(count)
            stopping.set()
            await working
            return found


async def _measure(papers: int, dossiers: int, deliveries: int) -> int:
    settings = load(None, {})
    with tempfile.TemporaryDirectory(prefix="lgsp-life-") as folder:
        place = Path(folder)
        if papers or dossiers:
            one = settings.model_copy(update={"data_dir": place / "lives"})
            print(json.dumps(await _lives(one, papers, dossiers), indent=1))
        if deliveries:
            one = settings.model_copy(update={"data_dir": place / "deliveries"})
            print(json.dumps({"delivery": await _deliveries(one, deliveries)}, indent=1))
    return 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=1000)
    options.add_argument("--dossiers", type=int, default=100)
    options.add_argument("--deliveries", type=int, default=5000)
    given = options.parse_args()
    configure_log("error")
    sys.exit(run(_measure(given.documents, given.dossiers, given.deliveries)))
