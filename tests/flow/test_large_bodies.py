"""A large message lies on the server once, beside the streams, for as long as somebody needs it, whatever happens on its way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import documents
from lgsp.bus import Bus, BusParts, JournalTap, Worker, WorkerSettings
from lgsp.channels import DeadEntry, DeadLetterChannel, Journals, Keys, Lease, OutEntry, Server, Transaction
from lgsp.clock import SystemClock
from lgsp.endpoint import EndpointSettings
from lgsp.errors import RejectedError, StaleLeaseError, TransientError
from lgsp.message import Message
from lgsp.retry import RetryPolicy
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.store.journal import JournalEntry
from waiting import eventually

pytestmark = pytest.mark.flow

KEYS = Keys(partitions=1)
SYSTEMS = ("axis", "inbox")  # the name of a system must not be taken for the inbox's own
FAST = EndpointSettings(policy=RetryPolicy(base_s=0.02, cap_s=0.05, max_attempts=3))


class System:
    def __init__(self, refuse: Callable[[Delivery], None] = lambda _: None) -> None:
        self.holds: list[Message] = []
        self.refuse = refuse

    async def send(self, delivery: Delivery) -> Receipt:
        self.refuse(delivery)
        self.holds.append(delivery.message)
        return Receipt("")


class Store:
    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        self.entries += entries


def large(number: int = 0, **changes: object) -> Message:
    (message,) = documents(1, 20_000)
    return message.model_copy(update={"id": f"large-{number}", **changes})


def bus_of(server: Server, *systems: object, route: Route | None = None) -> Bus:
    router = Router([route or Route("all", ("document.*",), SYSTEMS)])
    adapters = dict(zip(SYSTEMS, systems or (System(), System()), strict=True))
    return Bus(BusParts(server, KEYS, router, SchemaRegistry(), SystemClock(), adapters))


@asynccontextmanager
async def working(bus: Bus) -> AsyncIterator[None]:
    settings, stopping = WorkerSettings(look_round_s=0.02, endpoint=FAST), asyncio.Event()
    worker = asyncio.create_task(Worker(bus, "worker-1", settings).run(stopping))
    try:
        yield
    finally:
        stopping.set()
        await worker


async def tapped(server: Server) -> list[JournalEntry]:
    store, stopping = Store(), asyncio.Event()
    tap = asyncio.create_task(JournalTap(server, KEYS, store).run(stopping))
    await asyncio.sleep(0.1)
    stopping.set()
    await tap
    return store.entries


async def dead(desk: DeadLetterChannel, wanted: int) -> list[DeadEntry]:
    for _ in range(500):
        letters = [entry async for entry in desk.heads()]
        if len(letters) >= wanted:
            return letters
        await asyncio.sleep(0.02)
    raise AssertionError("no dead letter")


async def bodies(server: Server) -> list[object]:
    found = await server.call("KEYS", f"{KEYS.bodies(0)}:*")
    return list(found) if isinstance(found, list) else []


async def test_it_is_written_once_and_goes_when_all_systems_and_the_store_have_it(server: Server) -> None:
    systems = System(), System()
    bus = bus_of(server, *systems)
    await bus.open()
    await bus.publish(large())
    sizes = await server.pipeline(
        [["MEMORY USAGE", key] for key in (KEYS.inbox(0), KEYS.journal(0), *await bodies(server))]
    )
    assert [int(str(size)) > 15_000 for size in sizes] == [False, False, True]
    async with working(bus):
        await eventually(lambda: [len(one.holds) for one in systems] == [1, 1], "delivered to both")
    assert [one.holds for one in systems] == [[large()]] * 2
    assert len(await bodies(server)) == 1  # the store has not yet taken it
    entries = await tapped(server)
    assert [Message.from_json(one.body) for one in entries if one.step == "accepted"] == [large()]
    assert await bodies(server) == []


async def test_it_stays_until_the_slowest_system_has_it(server: Server) -> None:
    gate = asyncio.Event()

    def away(_: Delivery) -> None:
        if not gate.is_set():
            raise TransientError("away", system_down=True)

    slow = System(away)
    bus = bus_of(server, System(), slow)
    await bus.open()
    await bus.publish(large())
    async with working(bus):
        await eventually(lambda: bus.circuits["inbox"].is_open, "the second is away")
        await tapped(server)
        assert len(await bodies(server)) == 1
        gate.set()
        await eventually(lambda: slow.holds == [large()], "delivered when it is back")
    await tapped(server)
    assert await bodies(server) == []


async def test_behind_a_retry_it_is_parked_whole_and_in_order(server: Server) -> None:
    failures = iter([True, True])

    def busy(_: Delivery) -> None:
        if next(failures, False):
            raise TransientError("busy")

    systems = System(busy), System()
    bus = bus_of(server, *systems)
    await bus.open()
    sent = [large(number, subject="one") for number in range(4)]
    for one in sent:
        await bus.publish(one)
    async with working(bus):
        await eventually(lambda: [len(one.holds) for one in systems] == [4, 4], "delivered")
    assert [one.holds for one in systems] == [sent, sent]
    await tapped(server)
    assert await bodies(server) == []


def _refused(_: Delivery) -> None:
    raise RejectedError("no")


@pytest.mark.parametrize("route", [None, Route("nobody", ("document.*",), SYSTEMS, recipients=("*.G99",))])
async def test_as_a_dead_letter_it_is_whole_and_its_replay_arrives(
    server: Server, route: Route | None
) -> None:
    bus = bus_of(server, System(_refused), System(_refused), route=route)
    await bus.open()
    await bus.publish(large())
    desk = DeadLetterChannel(server, KEYS)
    async with working(bus):
        wanted = 1 if route else 2
        letters = await dead(desk, wanted)
    assert [Message.from_json((await desk.get(one.id)).body) for one in letters] == [large()] * wanted
    await tapped(server)
    assert await bodies(server) == []
    for one in letters:
        await desk.replay(one.id, 0)
    systems = System(), System()
    async with working(bus_of(server, *systems)):
        await eventually(lambda: [one.holds for one in systems] == [[large()]] * 2, "delivered")


async def test_what_an_older_version_or_a_foreign_writer_left_in_the_streams_arrives(server: Server) -> None:
    systems = System(), System()
    bus = bus_of(server, *systems)
    await bus.open()
    await server.call("XADD", KEYS.inbox(0), "*", "body", large(1).to_json())
    out = OutEntry("", "large-2", "two", (), large(2).to_json()).to_fields()
    await server.call("XADD", KEYS.out(0, "axis"), "*", *out)
    await server.call("XADD", KEYS.inbox(0), "*", "envelope", b"{")
    async with working(bus):
        await eventually(lambda: [len(one.holds) for one in systems] == [2, 1], "delivered")
        await dead(DeadLetterChannel(server, KEYS), 1)
    assert {one.id for one in systems[0].holds} == {"large-1", "large-2"}
    assert await bodies(server) == []


async def test_a_tap_that_stores_what_another_has_stored_takes_nothing_from_others(server: Server) -> None:
    bus = bus_of(server)
    await bus.open()
    await bus.publish(large())
    one, other = Journals(server, KEYS), Journals(server, KEYS)
    found = await one.read(again=False, count=10)
    again = await other.read(again=True, count=10)
    assert found == again
    for tap, entries in ((one, found), (other, again), (other, again)):
        await tap.acknowledge(entries)
    assert len(await bodies(server)) == 1  # the inbox's


async def test_a_worker_that_woke_up_too_late_finds_nothing_and_takes_nothing(server: Server) -> None:
    bus = bus_of(server)
    await bus.open()
    await bus.publish(large())
    lease = await Lease.acquire(server, KEYS, 0, "me", 60_000)
    assert lease is not None
    stale, kept = bus.partitions[0].holder(lease.value), (await bodies(server))[0]
    (entry,) = await stale.read_inbox(count=1, block_ms=1)
    assert entry.body == b""
    assert await stale.bodies([entry.entry_id, "7-7"]) == [large().to_json(), b""]
    await lease.release()
    hop = Transaction()
    hop.let_go(stale.body_key(entry.entry_id))
    with pytest.raises(StaleLeaseError):
        await stale.commit(hop)
    fields = await server.call("HKEYS", kept if isinstance(kept, str) else kept.decode())
    assert sorted(fields if isinstance(fields, list) else []) == [b"body", b"inbox", b"journal"]


async def test_a_small_one_goes_through_the_streams(server: Server) -> None:
    bus = bus_of(server)
    await bus.open()
    (small,) = documents(1)
    await bus.publish(small)
    assert await bodies(server) == []
