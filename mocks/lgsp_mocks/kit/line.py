"""The socket behind a request: what a network fault does to it."""

import socket
import struct
from typing import Protocol, cast

import httpx
from starlette.types import Receive

__all__ = ["Line"]

_LINGER_NOT = struct.pack("ii", 1, 0)
_TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal handshake_failure alert (RFC 8446, 6.2), as a TLS end point says it."""


class _Transport(Protocol):
    def abort(self) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes) -> None: ...

    def get_extra_info(self, name: str) -> object: ...


class Line:
    """A served request's socket. Without one (in-process tests) the caller gets the error that its client would raise."""

    def __init__(self, receive: Receive) -> None:
        # uvicorn's cycle of request and response owns `receive`, and keeps the transport.
        owner = getattr(receive, "__self__", None)
        self._receive = receive
        self._transport = cast("_Transport | None", getattr(owner, "transport", None))

    async def reset(self) -> None:
        """RST: whatever was not sent yet is lost."""
        transport = self._transport
        if transport is None:
            raise httpx.ReadError("fault injected: connection reset")
        found = transport.get_extra_info("socket")
        if found is not None:
            cast("socket.socket", found).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
        await self._gone()

    async def hang_up(self) -> None:
        """FIN, behind what was written so far."""
        if self._transport is None:
            raise httpx.RemoteProtocolError("fault injected: half an answer")
        self._transport.close()
        await self._gone()

    async def speak_tls(self) -> None:
        """A TLS alert where an HTTP answer should be, then FIN."""
        if self._transport is None:
            raise httpx.RemoteProtocolError("fault injected: TLS alert")
        self._transport.write(_TLS_ALERT)
        await self.hang_up()

    async def never_answered(self) -> None:
        """The caller was kept waiting as long as the fault lasts."""
        if self._transport is None:
            raise httpx.ReadTimeout("fault injected: time-out")
        await self.reset()

    async def left(self) -> None:
        """Return once the caller has hung up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _gone(self) -> None:
        # uvicorn takes an application that returns before the socket is known to be gone for a broken one.
        await self.left()
