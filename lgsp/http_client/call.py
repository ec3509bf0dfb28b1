"""A call and its answer without httpx's objects, which cost more than what travels."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import httpx

__all__ = [
    "Answer",
    "Call",
    "Direct",
    "HttpxAnswer",
    "Origin",
    "head_of",
    "origin_of",
    "pairs_of",
    "whole",
]

Origin = tuple[str, bytes]
"""Scheme, host and port."""

_BROKEN_HEADER = re.compile(rb"[\x00\r\n]")


@dataclass(slots=True)
class Call:
    """What goes out. The head is complete; `limits` are seconds by `pool`, `connect`, `read` and `write`."""

    method: str
    url: httpx.URL
    origin: Origin
    head: bytes
    body: bytes | AsyncIterable[bytes]
    limits: Mapping[str, float | None]

    @classmethod
    def of(cls, request: httpx.Request) -> "Call":
        """The same as httpx has it."""
        stream, limits = request.stream, request.extensions.get("timeout") or {}
        # Of a plain one, the length is among the headers.
        body = b"".join(stream) if type(stream) is httpx.ByteStream else stream
        if not isinstance(body, bytes | AsyncIterable):
            raise TypeError("an asynchronous body is needed")
        method, url = request.method, request.url
        head = head_of(method, url, [b"%b: %b" % pair for pair in request.headers.raw])
        return cls(method, url, origin_of(url), head, body, limits)

    def request(self) -> httpx.Request:
        """As httpx has it."""
        stream = httpx.ByteStream(self.body) if isinstance(self.body, bytes) else _Chunks(self.body)
        headers, limits = pairs_of(self.head.split(b"\r\n")[1:-2]), {"timeout": self.limits}
        return httpx.Request(self.method, self.url, headers=headers, stream=stream, extensions=limits)


def origin_of(url: httpx.URL) -> Origin:
    """Whose connections it can use."""
    return url.scheme, url.netloc


def pairs_of(fields: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Header fields as httpx has them."""
    return [(name, value) for name, _, value in (field.partition(b": ") for field in fields)]


def head_of(method: str, url: httpx.URL, fields: Sequence[bytes]) -> bytes:
    """A request's line and its header fields, as they travel.

    Raises:
        httpx.LocalProtocolError: a line break where none may be.
    """
    head = b"\r\n".join([b"%b %b HTTP/1.1" % (method.encode("ascii"), url.raw_path), *fields, b"", b""])
    breaks = len(fields) + 2
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\x00" in head:
        wrong = next((each.partition(b":")[0] for each in fields if _BROKEN_HEADER.search(each)), b"target")
        raise httpx.LocalProtocolError(f"illegal character in {wrong.decode('latin-1')!r}")
    return head


class Answer(Protocol):
    """The head is there; the body is read by chunk, as it came. To be closed, read or not."""

    status: int

    def header(self, name: bytes) -> str:
        """Of the answer, by its name in small letters; empty where absent."""

    async def chunk(self) -> bytes:
        """The next of the body; empty at its end."""

    async def aclose(self) -> None:
        """The caller has what it wanted."""


async def whole(answer: Answer) -> bytes:
    """The body as it came; the answer is closed."""
    try:
        chunks = []
        while chunk := await answer.chunk():
            chunks.append(chunk)
    finally:
        await answer.aclose()
    return b"".join(chunks)


@runtime_checkable
class Direct(Protocol):
    """A transport that takes such calls."""

    async def call(self, call: Call) -> Answer:
        """One call.

        Raises:
            httpx.TransportError: as httpx says it.
        """


class HttpxAnswer:
    """From a transport that knows httpx's objects only."""

    def __init__(self, response: httpx.Response) -> None:
        if not isinstance(response.stream, AsyncIterable):
            raise TypeError("an asynchronous body is needed")
        self._response = response
        # Not httpx's reader: of an answer that was made in memory it says that it was read.
        self._chunks = aiter(response.stream)
        self.status = response.status_code

    def header(self, name: bytes) -> str:
        """Of the answer, by its name in small letters; empty where absent."""
        return str(self._response.headers.get(name.decode(), ""))

    async def chunk(self) -> bytes:
        """The next of the body; empty at its end."""
        async for chunk in self._chunks:
            if chunk:
                return chunk
        return b""

    async def aclose(self) -> None:
        """Let go of it."""
        await self._response.aclose()


class _Chunks(httpx.AsyncByteStream):
    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            yield chunk
