"""What the client of a watched primary leaves behind."""

import asyncio
import signal
from pathlib import Path

import pytest

from chaos.servers import Process, until, watched
from lgsp.channels import Server

pytestmark = pytest.mark.chaos


async def test_no_connection_to_a_sentinel_outlives_its_client(tmp_path: Path) -> None:
    async with watched(tmp_path / "watched") as servers:
        before = [await _clients(one) for one in servers.sentinels]
        server = await Server(servers.url).open()
        await asyncio.gather(*(server.information("server") for _ in range(30)))
        # One sentinel hangs while several ask: redis-py then moves another to the front of its list, for each of them.
        servers.sentinels[0].signal(signal.SIGSTOP)
        await asyncio.gather(*(server.information("server") for _ in range(36)))
        servers.sentinels[0].signal(signal.SIGCONT)
        await server.aclose()

        async def gone() -> bool:
            return [await _clients(one) for one in servers.sentinels] == before

        await until(gone, "no sentinel has a client more than before")


async def _clients(sentinel: Process) -> int:
    return len(str(await sentinel.ask("CLIENT", "LIST", "TYPE", "normal")).splitlines())
