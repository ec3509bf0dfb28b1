"""The open lines: as many calls at once as are allowed, and those that are idle wait for the next call to their origin."""

import asyncio
import ssl
from collections.abc import AsyncIterable

import httpx

from lgsp.http_client.call import Call, Origin
from lgsp.http_client.line import Line

__all__ = ["Pool"]

KEEPALIVE_S = 5.0
"""How long a connection may idle; servers keep theirs for longer."""

_WRITE_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class Pool:
    """`context` is for TLS; without it, for plain HTTP only. Raises what httpx raises."""

    def __init__(self, context: ssl.SSLContext | None, max_connections: int) -> None:
        self._context = context
        self._most = max_connections
        self._free = asyncio.Semaphore(max_connections)
        self._calls = self._turns = 0
        self._at_work: set[Line] = set()
        self._idle: dict[Origin, list[Line]] = {}
        """By origin, the last one used at the end."""

    async def begin(self, call: Call) -> Line:
        """Send it; the line has the head of the answer, and must be given back by `end`."""
        limits = call.limits
        if self._calls >= self._most or self._turns:
            await self._turn(limits.get("pool"))
        else:
            await self._free.acquire()  # at once
        self._calls += 1
        line = None
        try:
            line = self._idle_line(call.origin)
            if line is None:
                line = await self._connected(call, limits.get("connect"))
            self._at_work.add(line)
            line.begin(call.method == "HEAD", limits.get("read"))
            if isinstance(call.body, bytes):
                await line.write(call.head + call.body, limits.get("write"))
                line.is_sent = True
            else:
                await _send_chunks(line, call.head, call.body, limits.get("write"))
            await line.head()
        except BaseException:
            if line is not None:
                line.abort()
            self._over(line)
            raise
        return line

    def end(self, line: Line) -> None:
        """The answer was read, or will not be."""
        if line.is_reusable:
            line.idle_since = line.loop.time()
            lines = self._idle.setdefault(line.origin, [])
            lines.append(line)
            if line.idle_since - lines[0].idle_since > KEEPALIVE_S:
                lines.pop(0).abort()
        else:
            line.abort()
        self._over(line)

    def _over(self, line: Line | None) -> None:
        if line is not None:
            self._at_work.discard(line)
        self._calls -= 1
        self._free.release()

    def close(self) -> None:
        """All of them."""
        for line in [*self._at_work, *(line for lines in self._idle.values() for line in lines)]:
            line.abort()
        self._idle.clear()

    async def _turn(self, timeout_s: float | None) -> None:
        self._turns += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.acquire()
        except TimeoutError as exc:
            raise httpx.PoolTimeout(f"no connection was free within {timeout_s} s") from exc
        finally:
            self._turns -= 1

    def _idle_line(self, origin: Origin) -> Line | None:
        lines = self._idle.get(origin)
        while lines:
            line = lines.pop()
            if not line.is_lost and line.idle_since >= line.loop.time() - KEEPALIVE_S:
                return line
            line.abort()
        return None

    async def _connected(self, call: Call, timeout_s: float | None) -> Line:
        url = call.url
        port = url.port or _PORTS.get(url.scheme)
        if port is None:
            raise httpx.UnsupportedProtocol(f"{url.scheme or 'no scheme'!r}: http and https only")
        if url.scheme == "https" and self._context is None:
            raise httpx.UnsupportedProtocol("https: this client was made for plain HTTP only")
        self._make_room()
        context = self._context if url.scheme == "https" else None
        try:
            async with asyncio.timeout(timeout_s):
                _, line = await asyncio.get_running_loop().create_connection(
                    Line, url.raw_host.decode("ascii"), port, ssl=context
                )
        except TimeoutError as exc:
            raise httpx.ConnectTimeout(f"no connection within {timeout_s:g} s") from exc
        except OSError as exc:
            raise httpx.ConnectError(str(exc)) from exc
        line.origin = call.origin
        return line

    def _make_room(self) -> None:
        """Close what has idled for too long, and of the rest the oldest where all together would be too many."""
        since = asyncio.get_running_loop().time() - KEEPALIVE_S
        idle = sorted(
            (line for lines in self._idle.values() for line in lines), key=lambda line: line.idle_since
        )
        surplus = len(idle) + self._calls - self._most
        for place, line in enumerate(idle):
            if place < surplus or line.is_lost or line.idle_since < since:
                self._idle[line.origin].remove(line)
                line.abort()
        self._idle = {origin: lines for origin, lines in self._idle.items() if lines}


async def _send_chunks(line: Line, head: bytes, body: AsyncIterable[bytes], timeout_s: float | None) -> None:
    """The head, and the body behind it; an answer that comes in the middle ends it."""
    pending = head
    is_chunked = b"\r\ntransfer-encoding:" in head.lower()
    async for chunk in body:
        pending += b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked and chunk else chunk
        if len(pending) >= _WRITE_BYTES:
            if not await line.write(pending, timeout_s):
                return
            pending = b""
    await line.write(pending + b"0\r\n\r\n" if is_chunked else pending, timeout_s)
    line.is_sent = True
