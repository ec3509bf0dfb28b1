"""The same job on FastStream: publish, validate, route, one subscriber. Prints one JSON line.

Needs `pip install "faststream[redis]" uvloop`, in an environment of its own. Two processes, as `lgsp bench` has: one publishes,
one routes and delivers. FastStream has no order by subject, idempotent receiver, journal or store to switch on.
"""

import asyncio
import json
import multiprocessing
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import uvloop
from faststream import FastStream
from faststream.redis import RedisBroker, StreamSub
from pydantic import BaseModel

GROUP = {"group": "bench", "consumer": "one", "max_records": 256}


class Document(BaseModel):
    """The envelope; as many fields as ours has."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    dataschema: str
    datacontenttype: str
    sender: str
    recipients: str
    data: dict[str, Any]


def publish(url: str, bodies: list[dict[str, Any]], ready: Event, go: Event) -> None:
    """As many publishers side by side as its connections allow."""

    async def work() -> None:
        async with RedisBroker(url) as broker:
            waiting = iter(bodies)

            async def one() -> None:
                for body in waiting:
                    await broker.publish(Document(**body), stream="in")

            ready.set()
            go.wait()
            await asyncio.gather(*(one() for _ in range(64)))

    uvloop.run(work())


async def measure(url: str, bodies: list[dict[str, Any]]) -> float:
    """Messages per second until the last one has come."""
    broker, came, all_came = RedisBroker(url, logger=None), 0, asyncio.Event()

    @broker.subscriber(stream=StreamSub("in", **GROUP))
    @broker.publisher(stream="out")
    async def route(message: Document) -> Document:
        return message

    @broker.subscriber(stream=StreamSub("out", **GROUP))
    async def deliver(message: Document) -> None:
        nonlocal came
        came += 1
        if came == len(bodies):
            all_came.set()

    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    publisher = context.Process(target=publish, args=(url, bodies, ready, go), daemon=True)
    publisher.start()
    app = FastStream(broker, logger=None)
    running = asyncio.create_task(app.run())
    await asyncio.to_thread(ready.wait)
    await asyncio.sleep(1)
    began = time.perf_counter()
    go.set()
    await all_came.wait()
    seconds = time.perf_counter() - began
    app.exit()
    await running
    publisher.join()
    return len(bodies) / seconds


def main() -> None:
    """Arguments: the server's URL, and a file of messages, one JSON object a line."""
    url, file = sys.argv[1:3]
    bodies = [json.loads(line) for line in Path(file).read_text().splitlines()]
    print(json.dumps({"faststream_per_s": uvloop.run(measure(url, bodies))}))


if __name__ == "__main__":
    main()
