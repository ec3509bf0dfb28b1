"""A Redis server whose memory is full takes nothing new; what it has must leave all the same, or it is never less full."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from builders import message
from bus_at_work import KEYS, TO_AXIS, FakeSystem, running
from lgsp.adapter import Delivery
from lgsp.bus import Bus, BusParts
from lgsp.bus.activity import Telling
from lgsp.channels import ActivityLog, RedisInbox, Server
from lgsp.clock import SystemClock
from lgsp.errors import BackpressureError, ChannelUnavailableError
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.store import MessageQuery, MessageStore
from waiting import eventually

pytestmark = pytest.mark.flow


async def fill(server: Server) -> None:
    await server.call("CONFIG SET", "maxmemory", "1")
    with pytest.raises(ChannelUnavailableError, match="memory"):
        await server.call("SET", "more", "x")


@pytest.fixture
async def accepted(server: Server) -> AsyncIterator[Server]:
    """A server with a message that nobody has worked on yet."""
    bus = Bus(
        BusParts(server, KEYS, Router([TO_AXIS]), SchemaRegistry(), SystemClock(), {"axis": FakeSystem()})
    )
    await bus.open()
    await bus.publish(message("m-1"))
    yield server
    await server.call("CONFIG SET", "maxmemory", "0")


async def test_workers_that_start_on_it_deliver_and_store_what_it_has(
    accepted: Server, tmp_path: Path
) -> None:
    system, store = FakeSystem(), await MessageStore.open(f"sqlite:///{tmp_path}/messages.db")
    await fill(accepted)
    async with running(accepted, system, Telling(store, ActivityLog(accepted, KEYS))) as bus:
        await eventually(lambda: system.holds == ["m-1"], "the delivery")

        async def nothing_waits() -> bool:
            return not any((await bus.waiting()).values())

        await eventually(nothing_waits, "the journals are empty")
        with pytest.raises(BackpressureError, match="memory"):
            await bus.publish(message("m-2"))
    assert [one.state for one in await store.search(MessageQuery())] == ["delivered"]
    await store.aclose()


async def test_a_connector_fetches_what_frees_it(server: Server) -> None:
    await fill(server)
    inbox = RedisInbox(server, KEYS, "erp", SystemClock(), max_takes=3)
    delivery = Delivery(message("m-1"), (), 1, "key-1")
    handed = asyncio.create_task(inbox.hand_over(delivery))
    offers = []
    async with asyncio.timeout(10):
        while not offers:
            offers = list(await inbox.take(limit=10, lease_s=30))
            await asyncio.sleep(0)
    assert [one.key for one in offers] == ["key-1"]
    await inbox.release(["key-1"], 0.0)
    [again] = await inbox.take(limit=10, lease_s=30)
    assert await inbox.acknowledge([again.key], "number 7") == []
    assert await handed == "number 7"
    await inbox.aclose()
    await server.call("CONFIG SET", "maxmemory", "0")
