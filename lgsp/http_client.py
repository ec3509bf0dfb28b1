"""HTTP/1.1 for those who call thousands of times: httpx above, its pool in the middle, and lean connections below.

httpx's own connections (h11, anyio) cost 340 µs of CPU a call, these 60: httptools reads, and what is small is written at once. Errors
are httpx's own. What is patched at httpx's or httpcore's pool (respx) works as ever.
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from typing import cast

import httpcore
import httptools
import httpx

__all__ = ["HttpClient", "HttpTransport"]

KEEPALIVE_S = 5.0
"""How long a connection may idle; servers keep theirs for longer."""

_MAX_HEAD_BYTES = 100 * 1024
_WRITE_BYTES = 64 * 1024
_READ_AHEAD_BYTES = 256 * 1024
_BROKEN_HEADER = re.compile(rb"[\x00\r\n]")
_NO_BODY = frozenset({204, 304})
_FOREIGN = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol,
)  # fmt: skip


class HttpTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=…)`. Without a context, for plain HTTP only."""

    def __init__(self, context: ssl.SSLContext | None = None, *, max_connections: int) -> None:
        self._pool = _Pool(context, max_connections)
        # The pool looks at each of its connections for each call that waits in it, whenever one comes or goes; so they wait here.
        self._free = asyncio.Semaphore(max_connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call; the body is read by whoever takes the answer.

        Raises:
            httpx.TransportError: as httpx says it.
        """
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        await self._turn(request.extensions.get("timeout", {}).get("pool"))
        try:
            answer = await self._pool.handle_async_request(asked)
        except _FOREIGN as exc:
            self._free.release()
            raise _translated(exc) from exc
        except BaseException:
            self._free.release()
            raise
        stream = _Stream(answer, self._free.release)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions
        )

    async def _turn(self, timeout_s: float | None) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.acquire()
        except TimeoutError as exc:
            raise httpx.PoolTimeout(f"no connection was free within {timeout_s} s") from exc

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class HttpClient(httpx.AsyncClient):
    """An httpx client for machines: no cookies, no redirects, no hooks; its calls go straight to the transport, 50 µs sooner."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        timeout_s: float,
        base_url: httpx.URL | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            transport=transport, timeout=timeout_s, base_url=base_url, headers=headers, trust_env=False
        )

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: object = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: object = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """As httpx's; with credentials, which may take more than one call, it is httpx's."""
        if auth is not httpx.USE_CLIENT_DEFAULT or request.url.userinfo or self.is_closed:
            # httpx has no public names for these types.
            options = {"auth": auth, "follow_redirects": follow_redirects}
            return await super().send(request, stream=stream, **options)  # type: ignore[arg-type]
        response = await self._transport.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
            await response.aclose()
        return response


def _translated(error: Exception) -> Exception:
    """Both libraries have the same names."""
    found: type[Exception] = getattr(httpx, type(error).__name__)
    return found(str(error))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, ended: Callable[[], None]) -> None:
        self._answer = answer
        self._ended = ended
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                yield chunk
        except _FOREIGN as exc:
            raise _translated(exc) from exc

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._answer.aclose()
        finally:
            self._ended()


class _Pool(httpcore.AsyncConnectionPool):
    def __init__(self, context: ssl.SSLContext | None, max_connections: int) -> None:
        super().__init__(max_connections=max_connections, keepalive_expiry=KEEPALIVE_S)
        self._context = context

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
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
        self._line: _Line | None = None
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

    async def _connect(self, timeout_s: float | None) -> "_Line":
        host, secure = self._origin.host.decode("ascii"), self._origin.scheme == b"https"
        if secure and self._context is None:
            raise httpcore.UnsupportedProtocol("https: this client was made for plain HTTP only")
        try:
            async with asyncio.timeout(timeout_s):
                _, line = await asyncio.get_running_loop().create_connection(
                    _Line, host, self._origin.port, ssl=self._context if secure else None
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


async def _send(line: "_Line", request: httpcore.Request, timeout_s: float | None) -> None:
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
    def __init__(self, connection: _Connection, line: "_Line") -> None:
        self._connection = connection
        self._line = line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._line.chunk():
            yield chunk

    async def aclose(self) -> None:
        self._connection.ended()


class _Line(asyncio.Protocol):
    """A socket, and what comes on it: one answer after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._error: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._read_timeout_s: float | None = None
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = self._head_bytes = 0
        self._is_paused = self._is_full = self._has_no_body = False
        self._has_head = self._ends_with_line = False
        self._is_complete = True
        self._keeps_alive = False
        self.is_sent = False
        self.is_lost = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def is_reusable(self) -> bool:
        """Whether the call is over on both sides, and another may follow."""
        return self._is_complete and self.is_sent and self._keeps_alive and not self.is_lost

    def begin(self, has_no_body: bool, read_timeout_s: float | None) -> None:
        """A call begins."""
        self._has_no_body, self._read_timeout_s = has_no_body, read_timeout_s
        self._has_head = self._is_complete = self._ends_with_line = self._keeps_alive = self.is_sent = False
        self._head_bytes = self._waiting_bytes = 0
        self._chunks.clear()
        self.headers = []

    async def write(self, data: bytes, timeout_s: float | None) -> bool:
        """Whether there is use in writing on."""
        if self.is_lost or self._transport is None:
            return False
        self._transport.write(data)
        if self._is_full:
            self._writing = asyncio.get_running_loop().create_future()
            await _wait(self._writing, timeout_s, httpcore.WriteTimeout)
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
        self._reading = asyncio.get_running_loop().create_future()
        await _wait(self._reading, self._read_timeout_s, httpcore.ReadTimeout)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the socket says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._is_complete:  # nobody has asked
            self.is_lost = True
            self.abort()
            return
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            self._fail(httpcore.RemoteProtocolError(f"no HTTP: {exc}"))
        if not self._has_head and self._head_bytes > _MAX_HEAD_BYTES:
            self._fail(httpcore.RemoteProtocolError(f"the head is larger than {_MAX_HEAD_BYTES} bytes"))
        if self._waiting_bytes > _READ_AHEAD_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        _wake(self._reading)

    def eof_received(self) -> None:
        self._gone(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone(exc)

    def _gone(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._has_head and self._ends_with_line and exc is None:
            self._is_complete = True
        elif exc is not None:
            self._error = self._error or httpcore.ReadError(str(exc))
        else:
            said = "in the middle of its answer" if self._head_bytes else "without an answer"
            self._error = self._error or httpcore.RemoteProtocolError(f"the server hung up {said}")
        _wake(self._reading)
        _wake(self._writing)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.is_lost = True
        self.abort()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _wake(self._writing)

    # What the parser says

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return
        self._has_head = True
        self._keeps_alive = self._parser.should_keep_alive()
        if self._has_no_body:
            self._is_complete, self._keeps_alive = True, False
            return
        framed = {b"content-length", b"transfer-encoding"}
        self._ends_with_line = self.status not in _NO_BODY and all(
            name.lower() not in framed for name, _ in self.headers
        )

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._waiting_bytes += len(chunk)

    def on_message_complete(self) -> None:
        if self.status < 200:  # 100 Continue and its like; the answer itself is still to come
            self.headers = []
            return
        self._is_complete = True


async def _wait(future: "asyncio.Future[None]", timeout_s: float | None, late: type[Exception]) -> None:
    if timeout_s is None:
        await future
        return
    timer = asyncio.get_running_loop().call_later(timeout_s, _give_up, future, late, timeout_s)
    try:
        await future
    finally:
        timer.cancel()


def _give_up(future: "asyncio.Future[None]", late: type[Exception], timeout_s: float) -> None:
    if not future.done():
        future.set_exception(late(f"nothing for {timeout_s:g} s"))


def _wake(future: "asyncio.Future[None] | None") -> None:
    if future is not None and not future.done():
        future.set_result(None)
