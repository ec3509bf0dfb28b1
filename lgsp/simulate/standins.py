"""The four systems of the year, each in a process of its own, as in life."""

import asyncio
import multiprocessing
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from lgsp.bootstrap import running
from lgsp.errors import ConfigurationError
from lgsp.process import configure_log, run
from lgsp.settings import Settings

__all__ = ["standins"]

_SPAWN = multiprocessing.get_context("spawn")
_START_S, _STOP_S = 60.0, 30.0


@asynccontextmanager
async def standins(settings: Settings, folder: Path) -> AsyncIterator[Settings]:
    """Start them; the settings of a bus that knows where they are, on a gateway port that they know.

    Raises:
        ConfigurationError: one of them did not start.
    """
    port = _free_port()
    lines: dict[str, Connection] = {}
    processes = []
    try:
        for name in settings.mocks:
            own = settings.model_copy(update={"data_dir": folder, "port": port, "mocks": {name: 0}})
            lines[name], theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(
                target=_serve, args=(own, name, theirs), name=f"standin-{name}", daemon=True
            )
            process.start()
            theirs.close()
            processes.append(process)
        urls = {name: await asyncio.to_thread(_url, name, line) for name, line in lines.items()}
        yield _pointed(settings, folder, port, urls)
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
    changes = {"data_dir": folder, "port": port, "systems": systems, "redis_url": None, "store_url": ""}
    return settings.model_copy(update=changes)


def _url(name: str, line: Connection) -> str:
    if not line.poll(_START_S):
        raise ConfigurationError(f"the stand-in {name} did not start within {_START_S:g} s")
    try:
        return str(line.recv())
    except EOFError as exc:
        raise ConfigurationError(f"the stand-in {name} ended at once; its reason is above") from exc


def _serve(settings: Settings, name: str, line: Connection) -> None:
    """Until the other side hangs up."""
    configure_log("error")

    async def work() -> int:
        async with running(settings, only=frozenset({f"mock:{name}"})) as system:
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
