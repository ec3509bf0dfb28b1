"""A socket, and the answers that come on it."""

import asyncio
from collections import deque
from typing import cast

import httptools
import httpx

from lgsp.http_client.call import Origin

__all__ = ["Line"]

_MAX_HEAD_BYTES = 100 * 1024
_READ_AHEAD_BYTES = 256 * 1024
_NO_BODY = frozenset({204, 304})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Line(asyncio.Protocol):
    """A socket, and what comes on it: one answer after the other."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._error: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._limit: tuple[asyncio.Future[None], float, type[Exception], float] | None = None
        self._read_timeout_s: float | None = None
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = self._head_bytes = 0
        self._is_paused = self._is_full = self._has_no_body = False
        self._has_head = False
        self._is_complete = True
        self._keeps_alive = False
        self.is_sent = False
        self.is_lost = False
        self.origin: Origin = ("", b"")
        self.idle_since = 0.0
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def is_reusable(self) -> bool:
        """Whether the call is over on both sides, and another may follow."""
        return self._is_complete and self.is_sent and self._keeps_alive and not self.is_lost

    def begin(self, has_no_body: bool, read_timeout_s: float | None) -> None:
        """A call begins."""
        self._has_no_body, self._read_timeout_s = has_no_body, read_timeout_s
        self._has_head = self._is_complete = self._keeps_alive = self.is_sent = False
        self._head_bytes = self._waiting_bytes = 0
        self._chunks.clear()
        self.headers = []

    async def write(self, data: bytes, timeout_s: float | None) -> bool:
        """Whether there is use in writing on."""
        if self.is_lost or self._transport is None:
            return False
        self._transport.write(data)
        if self._is_full:
            self._writing = self.loop.create_future()
            await self._wait(self._writing, timeout_s, httpx.WriteTimeout)
        return not (self.is_lost or self._has_head)

    async def head(self) -> None:
        """Until status and headers are there."""
        while not self._has_head:
            await self._read()

    async def chunk(self) -> bytes:
        """The next of the body; empty at its end."""
        while not self._chunks:
            if self._is_complete:
                return b""
            await self._read()
        chunk = b"".join(self._chunks) if len(self._chunks) > 1 else self._chunks[0]
        self._chunks.clear()
        self._waiting_bytes = 0
        if self._is_paused and self._transport is not None and not self.is_lost:
            self._is_paused = False
            self._transport.resume_reading()
        return chunk

    async def _read(self) -> None:
        if self._error is not None:
            raise self._error
        self._reading = self.loop.create_future()
        await self._wait(self._reading, self._read_timeout_s, httpx.ReadTimeout)

    async def _wait(
        self, waiting: "asyncio.Future[None]", timeout_s: float | None, late: type[Exception]
    ) -> None:
        """One timer serves many waits: hardly any of them comes to its end."""
        self._limit = None
        if timeout_s is not None:
            due = self.loop.time() + timeout_s
            self._limit = waiting, due, late, timeout_s
            if self._timer is not None and self._timer.when() > due:
                self._timer.cancel()
                self._timer = None
            if self._timer is None:
                self._timer = self.loop.call_at(due, self._look)
        await waiting

    def _look(self) -> None:
        """Has it taken too long?"""
        self._timer = None
        if self._limit is None or self._limit[0].done():
            return
        waiting, due, late, timeout_s = self._limit
        if due > self.loop.time():
            self._timer = self.loop.call_at(due, self._look)
        else:
            waiting.set_exception(late(f"nothing for {timeout_s:g} s"))

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the socket says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Feed the parser; too much ahead of its reader pauses the socket."""
        if self._is_complete:  # nobody has asked
            self.is_lost = True
            self.abort()
            return
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            self._fail(httpx.RemoteProtocolError(f"no HTTP: {exc}"))
        if not self._has_head and self._head_bytes > _MAX_HEAD_BYTES:
            self._fail(httpx.RemoteProtocolError(f"the head is larger than {_MAX_HEAD_BYTES} bytes"))
        if self._waiting_bytes > _READ_AHEAD_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        _wake(self._reading)

    def eof_received(self) -> None:
        """The other side has said all."""
        self._gone(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._gone(exc)
        if self._timer is not None:
            self._timer.cancel()

    def _gone(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._has_head and exc is None and self._ends_with_line():
            self._is_complete = True
        elif exc is not None:
            self._error = self._error or httpx.ReadError(str(exc))
        else:
            said = "in the middle of its answer" if self._head_bytes else "without an answer"
            self._error = self._error or httpx.RemoteProtocolError(f"the server hung up {said}")
        _wake(self._reading)
        _wake(self._writing)

    def _ends_with_line(self) -> bool:
        return self.status not in _NO_BODY and all(name.lower() not in _FRAMING for name, _ in self.headers)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.is_lost = True
        self.abort()

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self._is_full = True

    def resume_writing(self) -> None:
        """There is room again."""
        self._is_full = False
        _wake(self._writing)

    # What the parser says

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return
        self._has_head = True
        self._keeps_alive = self._parser.should_keep_alive()
        if self._has_no_body:
            self._is_complete, self._keeps_alive = True, False
            return

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body."""
        self._chunks.append(chunk)
        self._waiting_bytes += len(chunk)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self.status < 200:  # 100 Continue and its like; the answer itself is still to come
            self.headers = []
            return
        self._is_complete = True


def _wake(future: "asyncio.Future[None] | None") -> None:
    if future is not None and not future.done():
        future.set_result(None)
