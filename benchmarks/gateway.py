"""A gateway process over real HTTP: single events, and batches of a hundred; one JSON line.

.venv/bin/python benchmarks/gateway.py
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from lgsp.bench.load import documents
from lgsp.embedded import EmbeddedServer
from lgsp.process import run

_EVENTS = 10_000
_BATCH = 100
_CONNECTIONS = 32


class _Connection:
    """HTTP/1.1 with keep-alive, and nothing else: the client must cost less than the server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80

    async def post(self, bodies: Sequence[bytes], kind: str) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        for body in bodies:
            head = f"POST /v1/messages HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 202"):
                raise RuntimeError(answer.decode())
            length = next(
                line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length")
            )
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()


async def rate(url: str, bodies: Sequence[bytes], kind: str, events: int) -> float:
    """Events a second over a few connections."""
    connections = [_Connection(url) for _ in range(_CONNECTIONS)]
    began = time.perf_counter()
    await asyncio.gather(
        *(one.post(bodies[number::_CONNECTIONS], kind) for number, one in enumerate(connections))
    )
    return events / (time.perf_counter() - began)


async def measure() -> int:
    """A server and a gateway of its own; nothing is delivered meanwhile."""
    events = [message.model_dump(mode="json", exclude_none=True) for message in documents(2 * _EVENTS)]
    singles = [json.dumps(event).encode() for event in events[:_EVENTS]]
    batches = [
        json.dumps(events[start : start + _BATCH]).encode() for start in range(_EVENTS, 2 * _EVENTS, _BATCH)
    ]
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedServer(Path(folder) / "valkey") as server:
            environment = os.environ | {"LGSP_REDIS_URL": server.url, "LGSP_DATA_DIR": f"{folder}/data"}
            command = [sys.executable, "-m", "lgsp", "up", "--only", "gateway", "--port", "0", "--json"]
            gateway = await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=asyncio.subprocess.PIPE
            )
            if gateway.stdout is None:
                return 1
            url = json.loads(await gateway.stdout.readline())["urls"]["gateway"]
            found = {
                "single_per_s": await rate(url, singles, "application/cloudevents+json", _EVENTS),
                "batch_per_s": await rate(url, batches, "application/cloudevents-batch+json", _EVENTS),
            }
            gateway.terminate()
            await gateway.wait()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(measure()))
