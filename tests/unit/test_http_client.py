"""The lean HTTP/1.1 connections: what is on the wire, what comes back, and every way in which a server can let down its caller."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import respx

from lgsp.http_client import HttpClient, HttpTransport, whole
from waiting import eventually

pytestmark = pytest.mark.unit

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Answers each request of a connection with the next of `answers`; one that ends with `None` hangs up behind it."""

    answers: list[list[bytes | None]]
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.bodies.append(await self._body(reader, self.heads[-1].lower()))
                if not await self._answered(writer):
                    return
            await self.hold.wait()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _body(self, reader: asyncio.StreamReader, head: bytes) -> bytes:
        if b"transfer-encoding: chunked" in head:
            return await reader.readuntil(b"0\r\n\r\n")
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length or 0))

    async def _answered(self, writer: asyncio.StreamWriter) -> bool:
        for part in self.answers.pop(0):
            if part is None:
                return False
            writer.write(part)
            await writer.drain()
        return True


@asynccontextmanager
async def listening(answer: Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """The URL of a server; its connections are over when this is."""
    tasks = []

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        await answer(reader, writer)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, limit=1_000_000)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def serving(*answers: list[bytes | None]) -> AsyncIterator[Server]:
    server = Server(list(answers))
    async with listening(server) as server.url:
        try:
            yield server
        finally:
            server.hold.set()


@asynccontextmanager
async def calling(timeout_s: float = 5.0, connections: int = 4) -> AsyncIterator[httpx.AsyncClient]:
    transport = HttpTransport(ssl.create_default_context(), max_connections=connections)
    async with httpx.AsyncClient(transport=transport, timeout=timeout_s, trust_env=False) as http:
        yield http


async def test_calls_follow_each_other_on_one_connection():
    async with serving([OK], [OK], [OK]) as server, calling() as http:
        answers = [await http.post(f"{server.url}/a?b=1", content=b"body") for _ in range(3)]
    assert [(each.status_code, each.content) for each in answers] == [(200, b"ok")] * 3
    assert server.connections == 1
    assert server.heads[0].startswith(b"POST /a?b=1 HTTP/1.1\r\n")
    assert server.bodies == [b"body"] * 3


async def test_a_body_of_unknown_length_goes_in_chunks():
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 70_000
        yield b""
        yield b"end"

    async with serving([OK]) as server, calling() as http:
        await http.post(server.url, content=body())
    assert server.bodies == [b"11170\r\n" + b"x" * 70_000 + b"\r\n3\r\nend\r\n0\r\n\r\n"]


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"], b"ok"),
        ([b"HTTP/1.1 200 OK\r\n\r\nuntil ", b"the end", None], b"until the end"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK], b"ok"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([bytes([one]) for one in OK], b"ok"),
    ],
    ids=["chunked", "until the connection ends", "behind interim answers", "no content", "byte by byte"],
)
async def test_an_answer_is_read_however_it_is_framed(answer, content):
    async with serving(answer) as server, calling() as http:
        answered = await http.get(server.url)
    assert answered.content == content
    assert "link" not in answered.headers


async def test_the_answer_to_head_has_no_body():
    async with serving([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]) as server, calling() as http:
        answered = await http.head(server.url)
    assert (answered.headers["content-length"], answered.content) == ("9", b"")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ([None], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200", None], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", None], httpx.RemoteProtocolError),
        ([b"SSH-2.0-OpenSSH\r\n\r\n"], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], httpx.ReadTimeout),
        ([], httpx.ReadTimeout),
    ],
    ids=["nothing", "half a line", "half a body", "no HTTP", "an endless head", "a silent end", "silence"],
)
async def test_a_server_that_does_not_answer_properly_is_named_and_its_connection_given_up(answer, error):
    async with serving(answer, [OK]) as server, calling(timeout_s=0.3) as http:
        with pytest.raises(error):
            await http.get(server.url)
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_a_call_with_less_patience_than_the_one_before_it_is_ended_by_its_own():
    async with serving([OK], [OK], []) as server, calling(timeout_s=60.0) as http:
        for _ in range(2):
            await http.get(server.url)
        async with asyncio.timeout(30):
            with pytest.raises(httpx.ReadTimeout, match=r"0\.1 s"):
                await http.get(server.url, timeout=0.1)
    assert server.connections == 1


async def test_nobody_listening_is_no_connection():
    async with serving() as server:
        url = server.url
    async with calling() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


@pytest.mark.parametrize("header", ["a\r\nX-Injected: 1", "a\nb", "a\0"])
async def test_a_line_break_in_a_header_is_not_sent(header):
    async with serving([OK]) as server, calling() as http:
        with pytest.raises(httpx.LocalProtocolError, match="X-Name"):
            await http.get(server.url, headers={"X-Name": header})
    assert server.heads == []


async def test_a_connection_that_the_server_closed_while_it_was_idle_is_not_used_again():
    async with serving([OK, None], [OK]) as server, calling() as http:
        assert (await http.get(server.url)).content == b"ok"
        ((idle,),) = http._transport._pool._idle.values()
        await eventually(lambda: idle.is_lost, "the end of the connection is seen")
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_no_more_connections_are_open_than_allowed_and_the_others_wait():
    async with serving(*([OK] for _ in range(20))) as server, calling(connections=3) as http:
        answers = await asyncio.gather(*(http.get(server.url) for _ in range(20)))
    assert {each.content for each in answers} == {b"ok"}
    assert server.connections == 3


async def test_idle_connections_to_other_servers_make_room():
    async with serving([OK]) as one, serving([OK]) as other, calling(connections=1) as http:
        for server in (one, other):
            assert (await http.get(server.url)).content == b"ok"
        ((kept,),) = http._transport._pool._idle.values()
    assert kept.origin[1].decode() == other.url.removeprefix("http://")


async def test_a_connection_that_was_idle_for_too_long_is_not_used_again(monkeypatch):
    monkeypatch.setattr("lgsp.http_client.connection.KEEPALIVE_S", 0.05)
    async with serving([OK], [OK]) as server, calling() as http:
        await http.get(server.url)
        await asyncio.sleep(0.1)
        await http.get(server.url)
    assert server.connections == 2


async def test_a_caller_that_goes_away_leaves_no_connection_behind():
    async with serving([], [OK]) as server, calling(connections=1) as http:
        waiting = asyncio.create_task(http.get(server.url))
        await eventually(lambda: bool(server.heads), "the call has come")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_a_large_answer_waits_in_the_socket_until_it_is_read():
    size = 8 * 1024 * 1024
    parts: list[bytes | None] = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b"x" * size]
    async with serving(parts) as server, calling() as http, http.stream("GET", server.url) as answer:
        sizes = [len(chunk) async for chunk in answer.aiter_raw()]
    assert sum(sizes) == size
    assert max(sizes) < size / 4


async def test_a_refusal_in_the_middle_of_a_large_body_is_read():
    async def body() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"x" * 100_000

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        while await reader.read(65_536):
            pass
        writer.close()

    async with listening(refuse) as url, calling() as http:
        answer = await http.post(url, content=body(), headers={"Content-Length": "40000000"})
    assert (answer.status_code, answer.content) == (413, b"no")


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
async def test_respx_stands_in_for_the_server(using: str):
    with respx.mock(using=using) as routes:
        routes.get("http://system.test/a").mock(httpx.Response(200, json={"a": 1}))
        routes.get("http://system.test/b").mock(side_effect=httpx.ConnectError)
        async with calling() as http:
            assert (await http.get("http://system.test/a")).json() == {"a": 1}
            with pytest.raises(httpx.ConnectError):
                await http.get("http://system.test/b")


async def test_the_client_for_machines_answers_as_httpx_does_and_leaves_credentials_to_it():
    refused = b"HTTP/1.1 302 Found\r\nLocation: /a\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with serving([OK], [refused], [OK], [OK]) as server:
        transport = HttpTransport(max_connections=2)
        async with HttpClient(transport, timeout_s=5, base_url=server.url, headers={"X-A": "1"}) as http:
            answer = await http.post("/a", json={"b": 1})
            assert (answer.content, answer.request.method) == (b"ok", "POST")
            assert (await http.get("/a")).status_code == 302
            await http.get("/a", auth=httpx.BasicAuth("me", "secret"))
            async with http.stream("GET", "/a") as streamed:
                assert await streamed.aread() == b"ok"
    assert all(b"X-A: 1" in head for head in server.heads)
    assert not any(b"ookie" in head for head in server.heads)
    assert b"Authorization: Basic" in server.heads[2]


@pytest.mark.parametrize(
    ("method", "url", "options"),
    [
        ("GET", "/a", {}),
        ("GET", "/a b/ê", {"params": {"q": "Đắk Hà & ~*+%", "n": 3, "p": ""}, "headers": {"accept": "text/plain"}}),
        ("POST", "http://other.test:81/a", {"json": {"tên": "Đỗ", "n": [1.5, None]}}),
        ("POST", "a/b?c=d", {"content": b"xyz", "headers": {"Content-Length": "3", "User-Agent": "JAVASDKAgent"}}),
        ("PUT", "/a", {"json": {}, "headers": {"Content-Type": "application/vnd.x+json"}}),
        ("POST", "/a", {"content": b""}),
        ("DELETE", "/a", {"params": {}, "content": b"x"}),
    ],
)  # fmt: skip
async def test_the_short_way_to_a_request_makes_what_httpx_makes(method, url, options):
    transport = HttpTransport(max_connections=1)
    async with HttpClient(
        transport, timeout_s=5, base_url="http://system.test/v1", headers={"X-A": "1"}
    ) as http:
        long = httpx.AsyncClient.build_request(http, method, url, **options)
        short = http.build_request(method, url, **options)
    assert (short.method, short.url, short.content) == (long.method, long.url, long.content)
    assert sorted(short.headers.multi_items()) == sorted(long.headers.multi_items())
    assert short.extensions == long.extensions


async def test_a_client_for_plain_http_refuses_https():
    async with HttpClient(HttpTransport(max_connections=1), timeout_s=5) as http:
        with pytest.raises(httpx.UnsupportedProtocol, match="plain HTTP only"):
            await http.get("https://127.0.0.1:1/")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_it_works_on_either_event_loop(loop: str):
    factory: Callable[[], asyncio.AbstractEventLoop] = (
        pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    )

    async def twice() -> list[bytes]:
        async with serving([OK], [OK]) as server, calling() as http:
            return [(await http.get(server.url)).content for _ in range(2)]

    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(twice()) == [b"ok", b"ok"]


async def test_who_finds_no_free_connection_in_time_is_told_so_and_holds_up_nobody():
    async with serving([], [OK]) as server:
        limits = httpx.Timeout(5, pool=0.05)
        async with calling(connections=1) as http:
            waiting = asyncio.create_task(http.get(server.url))
            await eventually(lambda: bool(server.heads), "the call has come")
            with pytest.raises(httpx.PoolTimeout):
                await http.get(server.url, timeout=limits)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert (await http.get(server.url)).content == b"ok"


async def read(http: HttpClient, method: str, url: str, *body) -> tuple[int, str, bytes]:
    answer = await http.call(method, url, {"X-B": "2"}, *body)
    return answer.status, answer.header(b"content-encoding"), await whole(answer)


async def test_a_call_without_httpx_sends_what_httpx_sends():
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    packed = b"HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"
    async with serving([OK], [OK], [packed]) as server:
        transport = HttpTransport(max_connections=1)
        async with HttpClient(transport, timeout_s=5, base_url=server.url, headers={"X-A": "1"}) as http:
            await http.post("/a", content=b"body", headers={"X-B": "2"})
            assert await read(http, "POST", "/a", b"body") == (200, "", b"ok")
            answer = await http.call("POST", "/a", {"Content-Length": "2"}, chunks())
            assert (answer.status, answer.header(b"content-encoding"), await answer.chunk()) == (
                404,
                "gzip",
                b"\x1f\x8b",
            )
            await answer.aclose()
    assert sorted(server.heads[0].splitlines()) == sorted(server.heads[1].splitlines())
    assert server.bodies == [b"body", b"body", b"ab"]
    assert server.connections == 1


async def test_an_answer_that_nobody_reads_gives_its_connection_up():
    large = [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
    async with (
        serving(large, [OK]) as server,
        HttpClient(HttpTransport(max_connections=1), timeout_s=5) as http,
    ):
        answer = await http.call("GET", server.url, {})
        await answer.aclose()
        assert await answer.chunk() == b""
        assert await read(http, "GET", server.url) == (200, "", b"ok")
    assert server.connections == 2


async def test_a_call_without_httpx_reaches_transports_that_know_nothing_else():
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json=[request.method, request.content.decode(), request.headers["x-b"]])

    async with HttpClient(httpx.MockTransport(answer), timeout_s=5, base_url="http://system.test") as http:
        assert await read(http, "POST", "/a", b"body") == (201, "", b'["POST","body","2"]')
    with respx.mock(using="httpcore") as routes:
        routes.get("http://system.test/a").mock(httpx.Response(200, json={"a": 1}))
        async with HttpClient(HttpTransport(max_connections=1), timeout_s=5) as http:
            assert await read(http, "GET", "http://system.test/a") == (200, "", b'{"a":1}')
