"""Large content: messages of 100 KB through the bus, and a document of 100 MB by claim check; one JSON line.

.venv/bin/python benchmarks/large.py
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from lgsp.attachments import FileBlobStore
from lgsp.bench.load import documents
from lgsp.bench.parts import Part, Place, bus_at, tap, work
from lgsp.embedded import EmbeddedServer
from lgsp.process import run

_MESSAGES = 2_000
_AT_ONCE = 32
_MEGABYTE = b"\0" * (1 << 20)
_DOCUMENT_MB = 100


async def messages(folder: Path) -> float:
    """Published, delivered and stored, a second; each 100 KB."""
    async with EmbeddedServer(folder / "valkey") as server:
        place = Place(server.url, f"sqlite:///{folder}/messages.db")
        bus = bus_at(place, None)
        await bus.parts.server.open()
        await bus.open()
        parts = [Part(tap, place), Part(work, place)]
        for part in parts:
            await part.answer()
        load = documents(_MESSAGES, 100 * 1024)

        async def publisher() -> None:
            for message in load:
                await bus.publish(message)

        began = time.perf_counter()
        await asyncio.gather(*(publisher() for _ in range(_AT_ONCE)))
        while any((await bus.waiting()).values()):  # noqa: ASYNC110 - what other processes do has no event of ours
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - began
        for part in parts:
            await part.stop()
        await bus.parts.server.aclose()
    return _MESSAGES / seconds


async def _document() -> AsyncIterator[bytes]:
    for number in range(_DOCUMENT_MB):
        yield number.to_bytes(4, "big") + _MEGABYTE[4:]


async def document(folder: Path) -> tuple[float, float, float]:
    """Megabytes a second in (with fsync) and out, and by how many megabytes the memory grew."""
    store = FileBlobStore(folder / "blobs")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    ref = await store.put(_document())
    put = time.perf_counter()
    async for _ in store.open(ref):
        pass
    read = time.perf_counter()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return _DOCUMENT_MB / (put - began), _DOCUMENT_MB / (read - put), grown / 1024


async def measure() -> int:
    """Both."""
    with tempfile.TemporaryDirectory() as folder:
        written, read, grown = await document(Path(folder))
        rate = await messages(Path(folder))
    found = {
        "messages_100kb_per_s": rate,
        "document_put_mb_per_s": written,
        "document_read_mb_per_s": read,
        "memory_grown_mb": grown,
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(measure()))
