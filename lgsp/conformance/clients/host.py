"""The stand-in that a connector under test points at, and how the connector is set going."""

import asyncio
import json
import os
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, cast

from starlette.types import ASGIApp

from lgsp import registry
from lgsp.clock import Clock
from lgsp.conformance.clients.connector import Hooks, Work
from lgsp.conformance.line import Line
from lgsp.conformance.model import Suite, Verdict
from lgsp.conformance.run import check
from lgsp.http_server import HttpServer

__all__ = ["check_connector", "command"]

_CREATE_APP = "lgsp_mocks.kit.app:create_app"
COMMAND_S = 20.0


class _Command(Protocol):
    async def __call__(self, work: Work | None = None, /) -> None:
        """Run it."""


async def check_connector(  # noqa: PLR0913 - the stand-in's place, the hooks, and what to ask
    suite: Suite[Any],
    standin: str,
    hooks: Hooks,
    options: Mapping[str, str],
    *,
    port: int = 0,
    clock: Clock | None = None,
    only: Sequence[str] = (),
    ready: Callable[[str], object] | None = None,
    tell: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """Host the stand-in of that name, call `ready` with its URL, and run the suite. `clock`: the stand-in's, else the machine's.

    Raises:
        ConfigurationError: no such stand-in, or the port is taken.
    """
    create = cast("Callable[..., ASGIApp]", registry.find("lgsp.standins", _CREATE_APP))
    server = HttpServer(standin, "127.0.0.1", port)
    try:
        await server.start(create(registry.find_standin(standin), autopilot=False, clock=clock))
        if ready is not None:
            ready(server.url)

        def subject(line: Line, given: Mapping[str, str]) -> object:
            return suite.subject(line, given, hooks)

        return await check(replace(suite, subject=subject), server.url, options, only=only, kept=1, tell=tell)
    finally:
        await server.stop()


def command(line: str) -> _Command:
    """A hook that runs a command, the work as JSON on its standard input; whatever it prints or returns, and also if it hangs:
    then it is ended.
    """

    async def run(work: Work | None = None, /) -> None:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(line), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(COMMAND_S):
                await process.communicate(
                    b"" if work is None else json.dumps(work, ensure_ascii=False).encode()
                )
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()

    return run
