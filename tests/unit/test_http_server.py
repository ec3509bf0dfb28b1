import socket

import pytest

from lgsp.cli.mock import bind
from lgsp.http_server import HttpServer

pytestmark = pytest.mark.unit


async def test_small_answers_are_not_held_back_by_the_kernel() -> None:
    # asyncio switches Nagle's algorithm off only where the socket names its protocol.
    server, listening = HttpServer("x", "127.0.0.1", 0), bind("127.0.0.1", 0)
    assert server._socket.proto == listening.proto == socket.IPPROTO_TCP
    await server.stop()
    listening.close()
