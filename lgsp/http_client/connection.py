"""httpcore's pool with connections of our own: one call at a time on each."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Mapping

import httpcore

from lgsp.http_client.line import Line

__all__ = ["Pool"]

KEEPALIVE_S = 5.0
"""How long a connection may idle; servers keep theirs for longer."""

_WRITE_BYTES = 64 * 1024
_BROKEN_HEADER = re.compile(rb"[\x00\r\n]")


class Pool(httpcore.AsyncConnectionPool):
    """Makes them; `context` is for TLS, without it for plain HTTP only."""

    def __init__(self, context: ssl.SSLContext | None, max_connections: int) -> None:
        super().__init__(max_connections=max_connections, keepalive_expiry=KEEPALIVE_S)
        self._context = context

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """One of ours."""
        return _Connection(origin, self._context)

    async def _close_connections(self, closing: list[httpcore.AsyncConnectionInterface]) -> None:
        """Twice for each call, mostly of none; httpcore's own guards it from being cancelled, which ours can't be."""
        for connection in closing:
            await connection.aclose()


class _Connection(httpcore.AsyncConnectionInterface):
    """One call at a time. It is new, at work, idle or closed."""

    def __init__(self, origin: httpcore.Origin, context: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._context = context
        self._line: Line | None = None
        self._is_at_work = True
        self._is_closed = False
        self._idle_since = 0.0
        self._is_new = True

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        if self._is_closed or not (self._is_new or self.is_idle()):
            raise httpcore.ConnectionNotAvailable
        if self._line is not None and self._line.is_lost:  # between the pool's look and now
            self._close()
            raise httpcore.ConnectionNotAvailable
        self._is_new, self._is_at_work = False, True
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        try:
            line = self._line
            if line is None:
                line = self._line = await self._connect(timeouts.get("connect"))
            line.begin(request.method == b"HEAD", timeouts.get("read"))
            await _send(line, request, timeouts.get("write"))
            await line.head()
        except BaseException:
            await self.aclose()
            raise
        return httpcore.Response(
            line.status,
            headers=line.headers,
            content=_Body(self, line),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def _connect(self, timeout_s: float | None) -> Line:
        host, secure = self._origin.host.decode("ascii"), self._origin.scheme == b"https"
        if secure and self._context is None:
            raise httpcore.UnsupportedProtocol("https: this client was made for plain HTTP only")
        try:
            async with asyncio.timeout(timeout_s):
                _, line = await asyncio.get_running_loop().create_connection(
                    Line, host, self._origin.port, ssl=self._context if secure else None
                )
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout(f"no connection within {timeout_s:g} s") from exc
        except OSError as exc:
            raise httpcore.ConnectError(str(exc)) from exc
        return line

    def ended(self) -> None:
        """The answer was read, or will not be."""
        line = self._line
        if line is None or not line.is_reusable:
            self._close()
            return
        self._is_at_work = False
        self._idle_since = asyncio.get_running_loop().time()

    def _close(self) -> None:
        self._is_closed = True
        if self._line is not None:
            self._line.abort()

    async def aclose(self) -> None:
        self._close()

    def info(self) -> str:
        return f"{self._origin}, {'closed' if self._is_closed else 'at work' if self._is_at_work else 'idle'}"

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        return not self._is_at_work and not self._is_closed

    def is_idle(self) -> bool:
        return not self._is_at_work and not self._is_closed

    def has_expired(self) -> bool:
        if self._is_at_work or self._line is None:
            return False
        age_s = asyncio.get_running_loop().time() - self._idle_since
        return self._line.is_lost or age_s > KEEPALIVE_S

    def is_closed(self) -> bool:
        return self._is_closed


async def _send(line: Line, request: httpcore.Request, timeout_s: float | None) -> None:
    """The head, and the body behind it; an answer that comes in the middle ends it."""
    headers = request.headers
    pending = _head(request.method, request.url.target, headers)
    is_chunked = any(name.lower() == b"transfer-encoding" for name, _ in headers)
    body = request.stream
    if not isinstance(body, AsyncIterable):
        raise TypeError("an asynchronous body is needed")
    async for chunk in body:
        pending += b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked and chunk else chunk
        if len(pending) >= _WRITE_BYTES:
            if not await line.write(pending, timeout_s):
                return
            pending = b""
    await line.write(pending + b"0\r\n\r\n" if is_chunked else pending, timeout_s)
    line.is_sent = True


def _head(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method, target), *[b"%b: %b" % pair for pair in headers], b"", b""]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\x00" in head:
        wrong = next((name for name, value in headers if _BROKEN_HEADER.search(name + value)), b"target")
        raise httpcore.LocalProtocolError(f"illegal character in {wrong.decode('latin-1')!r}")
    return head


class _Body:
    def __init__(self, connection: _Connection, line: Line) -> None:
        self._connection = connection
        self._line = line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._line.chunk():
            yield chunk

    async def aclose(self) -> None:
        self._connection.ended()
