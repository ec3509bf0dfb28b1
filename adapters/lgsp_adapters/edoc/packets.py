"""What both directions share: kinds, names of files."""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from lgsp.adapter import BlobStore
from lgsp.model.attachment import BlobRef
from lgsp.standards import edxml
from lgsp.standards.content import Content, ContentWriter

__all__ = [
    "CHANGES",
    "Packet",
    "beside_the_loop",
    "fetched",
    "media_type",
    "message_type",
    "safe_name",
    "stored",
    "title",
]

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus

CHANGES = {1: "document.recalled", 2: "document.updated", 3: "document.replaced"}
"""BussinessDocType (sic) of a packet that changes another document."""

LARGE_BYTES = 256 * 1024
"""From here on, work on a packet takes long enough to be felt by everybody else on the event loop."""

In = TypeVar("In")
Out = TypeVar("Out")

_FORBIDDEN = re.compile(r"[/\\\x00-\x1f]")


def message_type(packet: Packet) -> str:
    """`messagetype` of the VXP wire."""
    return "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc"


def safe_name(name: str) -> str:
    """A file name without path separators and control characters, as the model wants it."""
    return _FORBIDDEN.sub("_", name).strip()[:255] or "tep-dinh-kem"


def media_type(name: str) -> str:
    """By the name: what real files say about their attachments is often wrong."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def title(packet: Packet) -> str:
    """What a list of packets shows: the subject of a document, the code and document of a status."""
    if isinstance(packet, edxml.EdxmlStatus):
        return f"{packet.status_code} {packet.response_for.code or packet.response_for.document_id}".strip()
    return packet.subject


async def beside_the_loop(work: Callable[[In], Out], value: In, size: int) -> Out:
    """`work(value)`, in a thread where it is large."""
    return work(value) if size < LARGE_BYTES else await asyncio.to_thread(work, value)


async def stored(content: Content, blobs: BlobStore) -> BlobRef:
    """The content as a claim check."""
    if content.size < LARGE_BYTES:
        return await blobs.put(content.read())

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in content.chunks():
            yield chunk

    return await blobs.put(chunks())


async def fetched(ref: BlobRef, blobs: BlobStore) -> Content:
    """The content behind a claim check.

    Raises:
        NotFoundError: it is not in the store.
    """
    writer = ContentWriter()
    try:
        async for chunk in blobs.open(ref):
            writer.write(chunk)
    except BaseException:
        writer.discard()
        raise
    return writer.finish()
