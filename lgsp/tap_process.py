"""The wire tap in a process of its own, so that storing never takes the worker's interpreter.

The parent hands over the places on standard input, and keeps that open: its end, in whatever way, tells the child to store what has
happened and to go.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from lgsp.bus import JournalTap, Steps, Telling
from lgsp.channels import ActivityLog, Keys, Server
from lgsp.errors import LgspError
from lgsp.process import configure_log, give_way, run
from lgsp.store import MessageStore

__all__ = ["TapPlaces", "TapProcess"]

_STOP_S = 30.0
_AGAIN_S = 1.0

log = structlog.get_logger()


class TapPlaces(BaseModel):
    """From where to where. URLs may hold passwords, so they pass through neither arguments nor environment."""

    redis_url: str
    store_url: str
    partitions: int
    log_level: str


class TapProcess:
    """The parent's side: starts the child, and again if it dies. `told` hears what it has stored."""

    def __init__(self, places: TapPlaces, told: Callable[[Steps], None]) -> None:
        self._places = places
        self._told = told
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.pid = 0
        """The child's; 0 before it was started."""

    async def __aenter__(self) -> Self:
        """Start it; nothing waits for it to be ready."""
        self._task = asyncio.create_task(self._watch(), name="tap-process")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it store what has happened, and wait for its end."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                code = await self._live()
            except OSError as exc:
                log.error("tap.not_started", reason=str(exc))  # noqa: TRY400 - the system's reason says it all
            else:
                if not self._stopping.is_set():
                    log.error("tap.process_ended", code=code)
            if not self._stopping.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _AGAIN_S)

    async def _live(self) -> int | None:
        """One child, from its start to its end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lgsp.tap_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = process.pid
        give_way(process.pid)  # a delivery never waits for the store, nor a start for what it imports
        try:
            await self._accompany(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode

    async def _accompany(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        told = asyncio.create_task(self._stopping.wait())
        hearing = asyncio.create_task(self._hear(process.stdout))
        try:
            if process.stdin is not None:
                with suppress(ConnectionError):
                    process.stdin.write(self._places.model_dump_json().encode() + b"\n")
                    await process.stdin.drain()
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
            if process.stdin is not None:
                process.stdin.close()
            await asyncio.wait({ended, hearing}, timeout=_STOP_S)
        finally:
            for task in (ended, told, hearing):
                task.cancel()

    async def _hear(self, reports: asyncio.StreamReader | None) -> None:
        while reports is not None and (line := await reports.readline()):
            self._told({(step, system): count for step, system, count in from_json(line)})


class _Report:
    """What was stored, on standard output. A parent that does not read stops nothing: it is told the sum later."""

    def __init__(self) -> None:
        self._untold: Counter[tuple[str, str]] = Counter()
        os.set_blocking(sys.stdout.fileno(), False)

    def add(self, steps: Steps) -> None:
        self._untold.update(steps)
        with suppress(BlockingIOError, BrokenPipeError):
            for (step, system), count in list(self._untold.items()):
                # Short enough for a pipe to take whole, or not at all.
                os.write(sys.stdout.fileno(), to_json([[step, system, count]]) + b"\n")
                del self._untold[step, system]


async def _work() -> int:
    """The child's side."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    places = TapPlaces.model_validate_json(await reader.readline())
    configure_log(places.log_level)
    stopping = asyncio.Event()

    async def parent_ends() -> None:
        await reader.read()
        stopping.set()

    watching = asyncio.create_task(parent_ends())
    try:
        server = Server(places.redis_url)
        store = await MessageStore.open(places.store_url)
        try:
            keys = Keys(partitions=places.partitions)
            sink = Telling(store, ActivityLog(server, keys), _Report().add)
            await JournalTap(server, keys, sink).run(stopping)
        finally:
            await store.aclose()
            await server.aclose()
    except LgspError as exc:
        log.critical("tap.failed", reason=str(exc))
        return 1
    finally:
        watching.cancel()
    return 0


if __name__ == "__main__":
    sys.exit(run(_work()))
