"""HTTP servers inside this process: the port is known (and free) before anything is started."""

import asyncio
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import NamedTuple, cast
from urllib.parse import unquote

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn._types import ASGISendEvent
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from lgsp.errors import ConfigurationError

__all__ = ["Http11", "HttpServer"]

START_TIMEOUT_S = 20.0
_TICK_S = 1.0
_SMALL_BYTES = 64 * 1024
_OFFER = frozenset({b"upgrade", b"http2-settings"})


class Http11(HttpToolsProtocol):
    """HTTP/1.1 also with those who offer to change to another protocol: the offer is not taken up (RFC 9110, 7.8). No WebSockets.

    Java's client offers HTTP/2 with the first request of each connection. The parser takes such a request to end with its head, so
    its body would be lost, and read as the next request; here the head is parsed once more without the offer. An answer's head
    and body leave together: two packets wake its reader twice.
    """

    _idle_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """The transport's callback."""
        super().connection_made(transport)
        self._answer = _Answer(transport, self.loop)
        self._direct = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app

    def _declines(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def on_message_begin(self) -> None:
        """Parser's callback."""
        super().on_message_begin()
        self._is_forwarded = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser's callback."""
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name[:12] == b"x-forwarded-":
            self._is_forwarded = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Parser's callback."""
        if self._declines():
            return
        version, url = self.parser.get_http_version(), httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope["http_version"] = version
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        before, self.cycle = (
            self.cycle,
            _Cycle(
                scope=self.scope,
                transport=cast("asyncio.Transport", self._answer),
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=self.access_log,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                expect_100_continue=self.expect_100_continue,
                keep_alive=version != "1.0" and self.parser.should_keep_alive(),
                on_response=self.on_response_complete,
            ),
        )
        # Who came through no proxy is not looked at for what a proxy would say.
        app = self.app if self._is_forwarded else self._direct
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def on_message_complete(self) -> None:
        """Parser's callback."""
        if not self._declines():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """The transport's callback."""
        self._idle_since = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            if self._declines():
                head = self._head_without_offer()
                self.parser = httptools.HttpRequestParser(self)
                self.data_received(head + data[exc.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def on_response_complete(self) -> None:
        """The cycle's callback."""
        self._answer.end()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait(self.timeout_keep_alive)

    def _wait(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """The timer's callback; one timer goes on through all requests of a connection, instead of one for each."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait(left)
        else:
            super().timeout_keep_alive_handler()

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                kept = [one for one in value.split(b",") if one.strip().lower() not in _OFFER]
                lines += [b"connection:" + b",".join(kept)] if kept else []
            elif name not in _OFFER:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])


class _Cycle(RequestResponseCycle):
    """Writes heads from lines that were written and checked before: few headers are new."""

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI."""
        if message["type"] != "http.response.start" or self.response_started or self.flow.write_paused:
            await super().send(message)
        elif not self.disconnected:
            self.response_started, self.waiting_for_100_continue = True, False
            self.transport.write(self._head(message["status"], message.get("headers", ())))

    def _head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        said = _said(tuple([(name, value) for name, value in headers]))
        self.chunked_encoding, self.expected_content_length = said.is_chunked, said.length
        lines = [
            STATUS_LINE[status],
            *[_line(name, value) for name, value in self.default_headers],
            said.lines,
        ]
        if said.closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in {204, 304}:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        return b"".join([*lines, b"\r\n"])


class _Said(NamedTuple):
    """An answer's own headers as they are written, and what they say of its body and of the connection."""

    lines: bytes
    is_chunked: bool | None
    length: int
    closes: bool


@lru_cache(maxsize=1024)
def _said(headers: tuple[tuple[bytes, bytes], ...]) -> _Said:
    lines, is_chunked, length, closes = b"", None, 0, False
    for name, value in headers:
        line = _line(name, value)
        lines += line
        if line.startswith(b"content-length:") and is_chunked is None:
            is_chunked, length = False, int(value)
        elif line.startswith(b"transfer-encoding:") and value.lower() == b"chunked":
            is_chunked, length = True, 0
        elif line.startswith(b"connection:"):
            closes |= b"close" in [token.strip() for token in value.lower().split(b",")]
    return _Said(lines, is_chunked, length, closes)


@lru_cache(maxsize=1024)
def _line(name: bytes, value: bytes) -> bytes:
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header.")
    return name.lower() + b": " + value + b"\r\n"


class _Answer:
    """Where a connection's cycles write: a head leaves with the body behind it, in one packet, or else at the end of the loop's round."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._first: bytes | None = None
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if not self._has_begun:
            self._has_begun, self._first = True, data
            self._loop.call_soon(self.flush)
            return
        if self._first is not None and len(data) <= _SMALL_BYTES:
            data, self._first = self._first + data, None
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        first, self._first = self._first, None
        if first is not None and not self._transport.is_closing():
            self._transport.write(first)

    def end(self) -> None:
        self.flush()
        self._has_begun = False

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def get_extra_info(self, name: str) -> object:
        return self._transport.get_extra_info(name)

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class _Quiet(uvicorn.Server):
    """Leaves the signals to whoever owns the process, and stops when it is told to; uvicorn looks every tenth of a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def tell(self) -> None:
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # which writes the second of the Date header
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._told.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """A bound port first, an application later; port 0 picks a free one."""

    def __init__(self, name: str, host: str, port: int) -> None:
        """Bind.

        Raises:
            ConfigurationError: the port is in use, or the host is not of this machine.
        """
        self.name = name
        # Without its protocol named, asyncio does not switch Nagle's algorithm off, and every answer takes 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as exc:
            self._socket.close()
            raise ConfigurationError(
                f"{name}: {host}:{port} can't be used ({exc.strerror}); stop what listens there, or choose another port (0 = any free one)"
            ) from exc
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{'127.0.0.1' if host in {'', '0.0.0.0'} else host}:{self.port}"  # noqa: S104 - a comparison
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp) -> None:
        """Serve; returns when it answers.

        Raises:
            ConfigurationError: the application did not come up.
        """
        config = uvicorn.Config(
            app,
            http=Http11,
            ws="none",
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=30,
            lifespan="on",
        )
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name=f"http-{self.name}")
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._server.started:
                if self._task.done():
                    raise ConfigurationError(f"{self.name} did not start; its log says why")
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish the requests in hand and close the port."""
        if self._server is not None and self._task is not None:
            self._server.tell()
            await asyncio.wait({self._task})
        self._socket.close()
