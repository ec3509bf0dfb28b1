"""Bodies of any size: received into a Content, and answered from one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import TypeVar, cast

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive

from lgsp.standards.content import Content, ContentWriter
from lgsp.standards.vxp import ErrorCode, FileDigest
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.kit import Record
from lgsp_mocks.kit.front import Short

__all__ = [
    "SMALL_BYTES", "Streamable", "beside_the_loop", "bounded", "check_declared", "json_answer", "raw_answer", "receive", "record_answer",
    "skip", "small_body",
]  # fmt: skip

Streamable = Content | str | int | bool | None | Mapping[str, "Streamable"] | Sequence["Streamable"]
"""JSON, in which a Content stands for the text of its base64."""

_encode = msgspec.json.Encoder().encode
In = TypeVar("In")
Out = TypeVar("Out")

SMALL_BYTES = 256 * 1024
"""Up to here, work on a packet takes less than the way to a thread and back."""

SKIPPED_BYTES = 512 * 1024 * 1024
"""How much of a refused body is still taken off the line, so that its sender reads the answer."""


async def beside_the_loop(work: Callable[[In], Out], value: In, size: int) -> Out:
    """`work(value)`, in a thread where it is large."""
    return work(value) if size <= SMALL_BYTES else await asyncio.to_thread(work, value)


async def receive(request: Request, max_bytes: int) -> tuple[Content, FileDigest]:
    """The body, and the digests that its hash-file is checked against.

    Raises:
        Refusal: too large.
    """
    await check_declared(request, max_bytes)
    writer, digest = ContentWriter(), FileDigest()
    try:
        async for chunk in request.stream():
            digest.update(chunk)
            if digest.size <= max_bytes:
                writer.write(chunk)
            elif digest.size > SKIPPED_BYTES:
                break
    except BaseException:
        writer.discard()
        raise
    if digest.size > max_bytes:
        writer.discard()
        raise _too_large(max_bytes)
    return writer.finish(), digest


async def small_body(request: Request, max_bytes: int) -> bytes:
    """The body, in memory.

    Raises:
        Refusal: too large.
    """
    await check_declared(request, max_bytes)
    following, more = bounded(request.receive, max_bytes), True
    chunks: list[bytes] = []
    while more:
        message = await following()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def check_declared(request: Request, max_bytes: int) -> None:
    """Refuse by Content-Length alone.

    Raises:
        Refusal: too large.
    """
    for name, value in request.scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > max_bytes:
            await skip(request)
            raise _too_large(max_bytes)


async def skip(request: Request) -> None:
    """Take the body of a refused request off the line; one that waits for `100 Continue` is never sent."""
    if request.headers.get("expect", "").lower() == "100-continue":
        return
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > SKIPPED_BYTES:
            return


def bounded(receive_next: Receive, max_bytes: int) -> Receive:
    """The same messages; where their bodies pass the bound, the rest is taken off the line and the whole refused."""
    size = 0

    async def following() -> Message:
        nonlocal size
        message = await receive_next()
        size += len(message.get("body", b""))
        if size <= max_bytes:
            return message
        while message.get("more_body", False) and size <= SKIPPED_BYTES:
            message = await receive_next()
            size += len(message.get("body", b""))
        raise _too_large(max_bytes)

    return following


def _too_large(max_bytes: int) -> Refusal:
    return Refusal(ErrorCode.BAD_FILE, f"gói tin lớn hơn {max_bytes} byte")


def raw_answer(content: Content) -> Response:
    """The bytes themselves."""
    if content.size <= SMALL_BYTES:
        with closing(content):
            return Short(content.read(), b"application/octet-stream")
    return _streamed([content], "application/octet-stream", in_base64=False)


def record_answer(record: Record) -> Response:
    """The record as JSON."""
    return Short(_encode(record), b"application/json")


def json_answer(fields: Record, **more: Streamable) -> Response:
    """JSON of the fields and of what follows them, every Content in base64, none of them in memory as a whole."""
    parts = list(_joined(_pieces(cast("dict[str, Streamable]", fields) | more)))
    return _streamed(parts, "application/json", in_base64=True)


def _streamed(parts: list[bytes | Content], media_type: str, *, in_base64: bool) -> Response:
    size = sum(
        -(-len(part) // 3) * 4 if in_base64 and isinstance(part, Content) else len(part) for part in parts
    )

    async def body() -> AsyncIterator[bytes]:
        with ExitStack() as open_files:
            for part in parts:
                if isinstance(part, Content):
                    open_files.callback(part.close)
            for part in parts:
                if isinstance(part, bytes):
                    yield part
                    continue
                chunks = part.base64() if in_base64 else part.chunks()
                while (chunk := await asyncio.to_thread(next, chunks, b"")) != b"":
                    yield chunk

    return StreamingResponse(body(), media_type=media_type, headers={"Content-Length": str(size)})


def _joined(pieces: Iterable[str | Content]) -> Iterator[bytes | Content]:
    text: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
            continue
        yield "".join(text).encode()
        yield piece
        text.clear()
    yield "".join(text).encode()


def _pieces(value: Streamable) -> Iterator[str | Content]:
    if isinstance(value, Content):
        yield from ('"', value, '"')
    elif isinstance(value, Mapping):
        yield from _between("{}", ([f"{json.dumps(name)}:", *_pieces(one)] for name, one in value.items()))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _between("[]", (_pieces(one) for one in value))
    else:
        yield json.dumps(value, ensure_ascii=False)


def _between(brackets: str, items: Iterable[Iterable[str | Content]]) -> Iterator[str | Content]:
    yield brackets[0]
    for number, item in enumerate(items):
        if number:
            yield ","
        yield from item
    yield brackets[1]
