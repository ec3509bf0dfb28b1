import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lgsp.cli.mock import bind
from lgsp.http_server import HttpServer

pytestmark = pytest.mark.unit


async def test_small_answers_are_not_held_back_by_the_kernel() -> None:
    # asyncio switches Nagle's algorithm off only where the socket names its protocol.
    server, listening = HttpServer("x", "127.0.0.1", 0), bind("127.0.0.1", 0)
    assert server._socket.proto == listening.proto == socket.IPPROTO_TCP
    await server.stop()
    listening.close()


GO = asyncio.Event()


async def slow(_request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        await GO.wait()
        yield b"late"

    return StreamingResponse(chunks())


async def test_an_answer_is_one_packet_and_a_stream_s_head_does_not_wait_for_its_body() -> None:
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/echo", echo, methods=["POST"]), Route("/slow", slow)]))
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.setblocking(False)
        await loop.sock_sendall(line, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        whole = await loop.sock_recv(line, 65_536)
        await loop.sock_sendall(line, b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(20):
            head = await loop.sock_recv(line, 65_536)
            GO.set()
            rest = b"".join([await loop.sock_recv(line, 65_536) for _ in range(2)])
    await server.stop()
    assert whole.startswith(b"HTTP/1.1 200 OK")
    assert whole.endswith(b"\r\n\r\nPOST hi;")
    assert head.endswith(b"\r\n\r\n")
    assert b"late" in rest


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\nUpgrade: h2c\r\n"
HEAD = b"POST /echo?a=1 HTTP/1.1\r\nHost: x\r\n" + OFFER
LAST = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast"


async def echo(request: Request) -> Response:
    return Response(request.method.encode() + b" " + await request.body() + b";")


@pytest.mark.parametrize(
    "packets",
    [
        [HEAD + b"Content-Length: 5\r\n\r\nfirst", LAST],
        [HEAD + b"Content-Length: 5\r\n\r\nfirst" + LAST],
        [HEAD + b"Content-Length: 5\r\n\r\n", b"fir", b"st", LAST],
        [HEAD[:70], HEAD[70:] + b"Content-Length: 5\r\n\r\nfi", b"rst" + LAST],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nfir\r\n2\r\nst\r\n0\r\n\r\n", LAST],
        [HEAD.replace(b"h2c", b"websocket") + b"Content-Length: 5\r\n\r\nfirst", LAST],
    ],
    ids=["two packets", "one packet", "head apart", "cut anywhere", "chunked", "websocket"],
)
async def test_who_offers_another_protocol_is_answered_in_this_one_and_loses_no_body(
    packets: list[bytes],
) -> None:
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/echo", echo, methods=["GET", "POST"])]))
    try:
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for packet in packets:
                writer.write(packet)
                await writer.drain()
                await asyncio.sleep(0)
            said = await reader.read()
            writer.close()
    finally:
        await server.stop()
    assert said.count(b"HTTP/1.1 200") == 2
    assert said.index(b"POST first;") < said.index(b"POST last;")


async def test_a_connect_and_an_offer_without_a_body_are_answered_too() -> None:
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/echo", echo)]))
    try:
        async with asyncio.timeout(20):
            said = []
            for packet in (
                b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                b"GET /echo HTTP/1.0\r\n" + OFFER + b"\r\n",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(packet)
                said.append(await reader.read())
                writer.close()
    finally:
        await server.stop()
    assert [one.split(b" ")[1] for one in said] == [b"400", b"200"]


async def client(request: Request) -> Response:
    return Response(f"{request.url.scheme} {request.client.host if request.client else ''}")


async def test_what_a_proxy_on_this_machine_says_of_its_client_is_believed() -> None:
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/", client)]))
    said = []
    try:
        for more in (b"", b"X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + b"\r\n")
            said.append((await reader.read()).rpartition(b"\r\n")[2])
            writer.close()
    finally:
        await server.stop()
    assert said == [b"http 127.0.0.1", b"https 10.1.2.3"]


async def test_a_connection_is_kept_from_one_request_to_the_next_and_closed_when_it_is_idle() -> None:
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/", client)]))
    assert server._server is not None
    server._server.config.timeout_keep_alive = 1.6
    try:
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await reader.readuntil(b"127.0.0.1")).startswith(b"HTTP/1.1 200")
                await asyncio.sleep(0.9)
            began = asyncio.get_running_loop().time()
            assert await reader.read() == b""
            assert asyncio.get_running_loop().time() - began < 5
            writer.close()
    finally:
        await server.stop()
