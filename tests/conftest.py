"""Fixtures that more than one kind of test needs: a real server, on each of the products that we run on."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import settings

from lgsp.channels import Server
from lgsp.clock import SteerableClock
from lgsp.embedded import EmbeddedServer
from lgsp.standards.tls import client_context
from looks import wait_by_looks

# What is tried is the same each time: a suite that fails by chance is believed by nobody.
settings.register_profile("lgsp", derandomize=True, database=None, deadline=None)
settings.load_profile("lgsp")


@pytest.fixture(scope="session", autouse=True)
def _roots_are_read_once() -> None:
    """Not for each client of a test: it takes 15 to 30 ms, and hardly any test speaks TLS."""
    makes = httpx.create_ssl_context

    def create(verify: Any = True, **more: Any) -> Any:
        return client_context() if verify is True and not more.get("cert") else makes(verify, **more)

    httpx._transports.default.create_ssl_context = create


@pytest.fixture(scope="session", autouse=True)
def _tracebacks_are_plain() -> None:
    """As a process of ours writes them. Drawn in boxes with every local variable, one that a test provokes takes a second."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture
def by_looks(monkeypatch: pytest.MonkeyPatch) -> SteerableClock:
    """The clock of a stand-in and of the connector that is judged at it; what the kit waits for passes on it at once."""
    clock = SteerableClock()
    wait_by_looks(monkeypatch, clock)
    return clock


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[str]:
    """The embedded server's URL."""
    async with EmbeddedServer(tmp_path / "valkey") as server:
        yield server.url


@pytest.fixture
async def redis_server(tmp_path: Path) -> AsyncIterator[str]:
    """A real Redis of the machine (`make test` installs one where it can)."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server on this machine; `make test` installs it where it may")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        binary,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
        "--dir",
        str(tmp_path),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.01)
                    continue
                writer.close()
                await writer.wait_closed()
                break
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(params=["valkey", "redis_server"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Each product in turn."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def server(server_url: str) -> AsyncIterator[Server]:
    """A connection to each product in turn."""
    connection = await Server(server_url).open()
    yield connection
    await connection.aclose()
