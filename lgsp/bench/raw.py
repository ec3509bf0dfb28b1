"""The limit: a bare loop on the same server with as many hops and the same bytes. No check, no order, no idempotency, no journal."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis

from lgsp.bench.load import documents

__all__ = ["RawLimit", "raw_limit"]

_BATCH = 256
_GROUP = "raw"


@dataclass(frozen=True, slots=True)
class RawLimit:
    """Messages per second: over inbox and out alone, and with a journal that has each body once more, as the bus has it."""

    two_streams: float
    with_journal: float


async def raw_limit(url: str, count: int, size_bytes: int) -> RawLimit:
    """Add -> read, add, acknowledge -> read, acknowledge; pipelined by 256."""
    bodies = [message.to_json() for message in documents(count, size_bytes)]
    async with Redis.from_url(url, protocol=2) as redis:
        return RawLimit(await _loop(redis, bodies), await _loop(redis, bodies, "raw:journal"))


async def _loop(redis: Redis, bodies: list[bytes], *journal: str) -> float:
    for stream in ("raw:in", "raw:out", *journal):
        await redis.delete(stream)
        await redis.xgroup_create(stream, _GROUP, "0", mkstream=True)
    began, count = time.perf_counter(), len(bodies)
    takes = [_take(redis, stream, count) for stream in ("raw:out", *journal)]
    await asyncio.gather(_add(redis, bodies, ("raw:in", *journal)), _move(redis, count), *takes)
    return count / (time.perf_counter() - began)


async def _add(redis: Redis, bodies: list[bytes], streams: Sequence[str]) -> None:
    for start in range(0, len(bodies), _BATCH):
        async with redis.pipeline(transaction=False) as pipe:
            for body in bodies[start : start + _BATCH]:
                for stream in streams:
                    pipe.execute_command("XADD", stream, "*", "body", body)
            await pipe.execute()


async def _move(redis: Redis, count: int) -> None:
    while count:
        entries = await _read(redis, "raw:in")
        async with redis.pipeline(transaction=False) as pipe:
            for _, fields in entries:
                pipe.execute_command("XADD", "raw:out", "*", "body", fields[b"body"])
            ids = [entry_id for entry_id, _ in entries]
            pipe.execute_command("XACK", "raw:in", _GROUP, *ids)
            pipe.execute_command("XDEL", "raw:in", *ids)
            await pipe.execute()
        count -= len(entries)


async def _take(redis: Redis, stream: str, count: int) -> None:
    while count:
        entries = await _read(redis, stream)
        ids = [entry_id for entry_id, _ in entries]
        async with redis.pipeline(transaction=False) as pipe:
            pipe.execute_command("XACK", stream, _GROUP, *ids)
            pipe.execute_command("XDEL", stream, *ids)
            await pipe.execute()
        count -= len(entries)


async def _read(redis: Redis, stream: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    entries: list[tuple[bytes, dict[bytes, bytes]]] = []
    while not entries:
        found = await redis.xreadgroup(_GROUP, "one", {stream: ">"}, count=_BATCH, block=1000)
        # RESP2 without decoding: [[stream, [(id, fields), …]]]
        entries = [
            entry
            for _, taken in cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", found)
            for entry in taken
        ]
    return entries
