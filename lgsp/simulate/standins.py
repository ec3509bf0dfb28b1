"""The four systems of the year, each in a process of its own, as in life; and the gateway in another."""

import asyncio
import multiprocessing
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from lgsp.bootstrap import Overrides, running
from lgsp.errors import ConfigurationError
from lgsp.process import configure_log, run
from lgsp.settings import Settings
from lgsp.simulate.clock import AheadClock

__all__ = ["clock_at", "gateway_apart", "standins"]

_SPAWN = multiprocessing.get_context("spawn")
_START_S, _STOP_S = 60.0, 30.0
_CATALOGUE_S = 7 * 86_400.0


def clock_at(moment: datetime) -> AheadClock:
    """One for all these processes, which shows this moment and runs on."""
    clock = AheadClock(_SPAWN.Value("d", 0, lock=False))
    clock.set(moment)
    return clock


@asynccontextmanager
async def standins(settings: Settings, folder: Path, clock: AheadClock) -> AsyncIterator[Settings]:
    """Start them; the settings of a bus that knows where they are, on a gateway port that they know.

    Raises:
        ConfigurationError: one of them did not start.
    """
    port = _free_port()
    parts = {
        name: (
            settings.model_copy(update={"data_dir": folder, "port": port, "mocks": {name: 0}}),
            f"mock:{name}",
        )
        for name in settings.mocks
    }
    async with _apart(parts, clock) as urls:
        yield _pointed(settings, folder, port, urls)


@asynccontextmanager
async def gateway_apart(settings: Settings, clock: AheadClock) -> AsyncIterator[str]:
    """The gateway in a process of its own, beside a worker in this one; its URL.

    Raises:
        ConfigurationError: it did not start.
    """
    async with _apart({"gateway": (settings, "gateway")}, clock) as urls:
        yield urls["gateway"]


@asynccontextmanager
async def _apart(
    parts: Mapping[str, tuple[Settings, str]], clock: AheadClock
) -> AsyncIterator[dict[str, str]]:
    """By name: settings, and what of `--only` runs in that process; the URLs by name."""
    lines: dict[str, Connection] = {}
    processes = []
    try:
        for name, (settings, part) in parts.items():
            lines[name], theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(
                target=_serve, args=(settings, clock, part, name, theirs), name=name, daemon=True
            )
            process.start()
            theirs.close()
            processes.append(process)
        yield {name: await asyncio.to_thread(_url, name, line) for name, line in lines.items()}
    finally:
        for line in lines.values():
            line.close()
        for process in processes:
            await asyncio.to_thread(process.join, _STOP_S)
            process.kill()


def _pointed(settings: Settings, folder: Path, port: int, urls: Mapping[str, str]) -> Settings:
    systems = {
        name: system.model_copy(update={"url": urls.get(name, system.url)})
        for name, system in settings.systems.items()
    }
    # A day of the year lasts seconds, and the portal's catalogue would be read anew on each.
    seldom = {"procedures_interval_s": _CATALOGUE_S}
    systems["portal"] = systems["portal"].model_copy(update=seldom)
    # The wire log is a ring: of a year it would hold the last quarter of an hour, at a tenth of the cost.
    changes = {
        "data_dir": folder, "port": port, "systems": systems, "redis_url": None, "store_url": "", "wire_log": False,
    }  # fmt: skip
    return settings.model_copy(update=changes)


def _url(name: str, line: Connection) -> str:
    if not line.poll(_START_S):
        raise ConfigurationError(f"{name} did not start within {_START_S:g} s")
    try:
        return str(line.recv())
    except EOFError as exc:
        raise ConfigurationError(f"{name} ended at once; its reason is above") from exc


def _serve(settings: Settings, clock: AheadClock, part: str, name: str, line: Connection) -> None:
    """Until the other side hangs up."""
    configure_log("error")

    async def work() -> int:
        async with running(settings, only=frozenset({part}), overrides=Overrides(clock=clock)) as system:
            line.send(system.urls[name])
            await asyncio.to_thread(_hung_up, line)
        return 0

    run(work())


def _hung_up(line: Connection) -> None:
    try:
        line.recv()
    except (EOFError, OSError):
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
