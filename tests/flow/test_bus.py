"""The whole bus on a real server, with systems played by fakes: order, retries, outages, dead letters, crashes."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from builders import message
from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import documents
from lgsp.bus import Bus, BusParts, JournalTap, Worker, WorkerSettings
from lgsp.channels import DeadEntry, DeadLetterChannel, Keys, Server
from lgsp.clock import VIETNAM, Clock, SystemClock, VirtualClock
from lgsp.endpoint import EndpointSettings
from lgsp.errors import BackpressureError, EarlyError, InvalidMessageError, RejectedError, TransientError
from lgsp.retry import RetryPolicy
from lgsp.routing import Condition, Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.store.journal import JournalEntry
from waiting import eventually

pytestmark = pytest.mark.flow

KEYS = Keys(partitions=2)
TO_AXIS = Route("all", ("document.*",), ("axis",), recipients=("*.G22",))
FAST = EndpointSettings(
    policy=RetryPolicy(base_s=0.02, cap_s=0.05, max_attempts=3),
    send_timeout_s=2.0,
    early_limit_s=1.0,
)


@dataclass
class FakeSystem:
    """Holds what it took; `refuse` may raise instead."""

    refuse: Callable[[Delivery], None] = lambda _: None
    holds: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    calls: int = 0
    gate: asyncio.Event | None = None

    async def send(self, delivery: Delivery) -> Receipt:
        self.calls += 1
        self.keys.append(delivery.idempotency_key)
        if self.gate is not None:
            await self.gate.wait()
        self.refuse(delivery)
        self.holds.append(delivery.message.id)
        return Receipt(f"doc-{delivery.message.id}")


@dataclass
class FakeStore:
    entries: list[JournalEntry] = field(default_factory=list)

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        self.entries += entries

    def steps(self, message_id: str) -> list[tuple[str, str]]:
        return [(entry.step, entry.system) for entry in self.entries if entry.message_id == message_id]


@asynccontextmanager
async def running(
    server: Server,
    system: FakeSystem,
    store: FakeStore | None = None,
    *,
    clock: Clock | None = None,
    endpoint: EndpointSettings = FAST,
    route: Route = TO_AXIS,
    lease_ttl_s: float = 1.0,
) -> AsyncIterator[Bus]:
    bus = Bus(
        BusParts(server, KEYS, Router([route]), SchemaRegistry(), clock or SystemClock(), {"axis": system})
    )
    await bus.open()
    settings = WorkerSettings(lease_ttl_s=lease_ttl_s, look_round_s=0.02, drain_s=5.0, endpoint=endpoint)
    stopping = asyncio.Event()
    tap, tapped = JournalTap(server, KEYS, store or FakeStore()), asyncio.Event()
    tapping = asyncio.create_task(tap.run(tapped))
    worker = asyncio.create_task(Worker(bus, "worker-1", settings).run(stopping))
    try:
        yield bus
    finally:
        stopping.set()
        await worker
        tapped.set()
        await tapping


async def dead(server: Server) -> list[DeadEntry]:
    return [entry async for entry in DeadLetterChannel(server, KEYS).heads()]


async def test_message_reaches_the_system_and_the_journal_has_every_step(server: Server) -> None:
    system, store = FakeSystem(), FakeStore()
    async with running(server, system, store) as bus:
        await bus.publish(message("m-1"))
        await eventually(lambda: system.holds == ["m-1"], "delivered")
    assert store.steps("m-1") == [("accepted", "/systems/ioffice"), ("routed", "axis"), ("delivered", "axis")]
    assert [entry.detail for entry in store.entries if entry.step == "delivered"] == ["doc-m-1"]


@pytest.mark.parametrize("data", [(), (Condition("/recipients/800/id", exists=True),)])
async def test_a_large_message_arrives_whole_by_its_envelope_or_by_what_is_in_it(
    server: Server, data: tuple[Condition, ...]
) -> None:
    came: list[Delivery] = []
    (large,) = documents(1, 100 * 1024)
    async with running(server, FakeSystem(came.append), route=replace(TO_AXIS, data=data)) as bus:
        await bus.publish(large)
        await eventually(lambda: len(came) == 1, "delivered")
    assert came[0].message == large


async def test_nothing_is_left_on_the_server_when_all_is_delivered(server: Server) -> None:
    system = FakeSystem()
    async with running(server, system) as bus:
        for number in range(200):
            await bus.publish(message(f"m-{number}", subject=f"s-{number % 7}"))
        await eventually(lambda: len(system.holds) == 200, "delivered")
    assert sum((await bus.waiting()).values()) == 0


async def test_one_subject_arrives_in_order_while_its_head_is_retried_and_others_pass(server: Server) -> None:
    failures = iter([True, True, False])

    def refuse(delivery: Delivery) -> None:
        if delivery.message.id == "a-1" and next(failures, False):
            raise TransientError("busy")

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        for number in (1, 2, 3):
            await bus.publish(message(f"a-{number}", subject="a"))
        await bus.publish(message("b-1", subject="b"))
        await eventually(lambda: len(system.holds) == 4, "delivered")
    assert [held for held in system.holds if held.startswith("a")] == ["a-1", "a-2", "a-3"]
    assert system.holds[0] == "b-1" or KEYS.partition_of("a") != KEYS.partition_of("b")
    assert len(set(system.keys)) == 4, "every attempt of one message carries the same key"


async def test_early_message_steps_behind_its_predecessor(server: Server) -> None:
    system = FakeSystem()

    def refuse(delivery: Delivery) -> None:
        wanted = {"a-3": "a-2", "a-2": "a-1"}.get(delivery.message.id)
        if wanted and wanted not in system.holds:
            raise EarlyError(f"{wanted} is not there yet")

    system.refuse = refuse
    async with running(server, system) as bus:
        await bus.publish(message("a-3", subject="a"))
        await bus.publish(message("a-2", subject="a"))
        await eventually(lambda: system.calls >= 4, "both were early, and again")
        await bus.publish(message("a-1", subject="a"))
        await bus.publish(message("a-4", subject="a"))
        await eventually(lambda: len(system.holds) == 4, "all of them")
    assert system.holds.index("a-1") < system.holds.index("a-2") < system.holds.index("a-3")
    assert sum((await bus.waiting()).values()) == 0


async def test_early_message_whose_predecessor_never_comes_becomes_a_dead_letter(server: Server) -> None:
    def refuse(delivery: Delivery) -> None:
        if delivery.message.id == "a-2":
            raise EarlyError("a-1 is not there yet")

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        await bus.publish(message("a-2", subject="a"))
        await bus.publish(message("a-3", subject="a"))

        async def buried() -> bool:
            return [letter.code for letter in await dead(server)] == ["lgsp.early"]

        await eventually(buried, "the dead letter")
    assert system.holds == ["a-3"]


@pytest.mark.parametrize("seed", range(3))
async def test_every_subject_arrives_once_and_in_order_whatever_the_system_answers(
    server: Server, seed: int
) -> None:
    chance = random.Random(seed)

    def refuse(delivery: Delivery) -> None:
        roll = chance.random()
        if roll < 0.05 and delivery.attempt == 1:
            raise TransientError("busy")
        if roll < 0.13:
            raise TransientError("no connection", system_down=True)
        if roll < 0.15 and delivery.attempt < FAST.policy.max_attempts:
            raise TransientError("no answer", unanswered=True)

    system = FakeSystem(refuse)
    # Longer than a busy machine stands still: whoever has lost its lease in the middle of a call makes it twice, and a call that
    # took too long spends a try.
    patient = replace(FAST, send_timeout_s=30.0)
    async with running(server, system, endpoint=patient, lease_ttl_s=30.0) as bus:
        await asyncio.gather(*(
            bus.publish(message(f"{subject}-{number:03}", subject=f"s-{subject}"))
            for number in range(40) for subject in range(12)
        ))  # fmt: skip
        await eventually(lambda: system.calls > 200, "some of them")
        system.refuse = lambda _: None
        await eventually(lambda: len(system.holds) == 480, "all of them")
    assert sorted(system.holds) == sorted(set(system.holds)), "nothing doubled"
    for subject in range(12):
        own = [held for held in system.holds if held.startswith(f"{subject}-")]
        assert own == sorted(own), "nothing overtaken"
    assert len(system.holds) == 480


async def test_message_that_makes_the_system_hang_spends_its_tries_and_others_pass(server: Server) -> None:
    def refuse(delivery: Delivery) -> None:
        if delivery.message.id == "poison":
            raise TransientError("no answer", unanswered=True)

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        await bus.publish(message("poison", subject="p"))
        for number in range(10):
            await bus.publish(message(f"m-{number}", subject=f"s-{number}"))
        await eventually(lambda: len(system.holds) == 10, "the others")

        async def buried() -> bool:
            return [letter.message_id for letter in await dead(server)] == ["poison"]

        await eventually(buried, "the dead letter")


async def test_system_that_answers_nobody_costs_no_message_its_tries(server: Server) -> None:
    def refuse(_: Delivery) -> None:
        raise TransientError("no answer", unanswered=True)

    system, store = FakeSystem(refuse), FakeStore()
    async with running(server, system, store) as bus:
        for number in range(8):
            await bus.publish(message(f"m-{number}", subject=f"s-{number}"))
        await eventually(lambda: system.calls >= 6, "probes")
        assert await dead(server) == []
        system.refuse = lambda _: None
        await eventually(lambda: len(system.holds) == 8, "all of them, once it answers")
    retried = [entry for entry in store.entries if entry.step == "retrying"]
    assert len(retried) <= 2 * KEYS.partitions, "only the first silent ones counted"


@pytest.mark.parametrize("poisons", [1, 4])
async def test_message_that_makes_the_system_hang_is_not_the_only_probe_after_an_outage(
    server: Server, poisons: int
) -> None:
    away = True

    def refuse(delivery: Delivery) -> None:
        if away:
            raise TransientError("no connection", system_down=True)
        if delivery.message.id.startswith("poison"):
            raise TransientError("no answer", unanswered=True)

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        for number in range(poisons):
            await bus.publish(message(f"poison-{number}", subject=f"p-{number}"))
        await eventually(lambda: system.calls >= 2, "probes")
        for number in range(5):
            await bus.publish(message(f"m-{number}", subject=f"s-{number}"))
        away = False
        await eventually(lambda: len(system.holds) == 5, "the others")


async def test_messages_that_all_make_the_system_hang_do_not_hold_up_those_that_come_later(
    server: Server,
) -> None:
    def refuse(delivery: Delivery) -> None:
        if delivery.message.id.startswith("poison"):
            raise TransientError("no answer", unanswered=True)

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        for number in range(6):
            await bus.publish(message(f"poison-{number}", subject=f"p-{number}"))
        await eventually(lambda: system.calls >= 6, "all of them were tried")
        for number in range(5):
            await bus.publish(message(f"m-{number}", subject=f"s-{number}"))
        await eventually(lambda: len(system.holds) == 5, "the others")


async def test_message_that_waits_for_our_own_side_is_tried_again_and_loses_no_try(server: Server) -> None:
    lacks = iter([True] * 5)

    def refuse(_: Delivery) -> None:
        if next(lacks, False):
            raise BackpressureError("the blob store is full", retry_after_s=1.0)

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        await bus.publish(message("m-1"))
        await bus.publish(message("m-2"))
        await eventually(lambda: system.holds == ["m-1", "m-2"], "after more waits than it has tries")


async def test_refused_message_becomes_a_dead_letter_and_the_next_of_its_subject_goes_on(
    server: Server,
) -> None:
    def refuse(delivery: Delivery) -> None:
        if delivery.message.id == "m-1":
            raise RejectedError("18 đơn vị nhận không tồn tại", wire_code="18")

    system, store = FakeSystem(refuse), FakeStore()
    async with running(server, system, store) as bus:
        await bus.publish(message("m-1"))
        await bus.publish(message("m-2"))
        await eventually(lambda: system.holds == ["m-2"], "the next one")
        [letter] = await dead(server)
        assert (letter.message_id, letter.reason) == ("m-1", "18 đơn vị nhận không tồn tại")
        system.refuse = lambda _: None
        await DeadLetterChannel(server, KEYS).replay(letter.id, 0)
        await eventually(lambda: system.holds == ["m-2", "m-1"], "replayed")
        assert await dead(server) == []
    assert [step for step, _ in store.steps("m-1")] == ["accepted", "routed", "dead", "replayed", "delivered"]


async def test_tries_are_spent_after_as_many_as_configured(server: Server) -> None:
    def refuse(_: Delivery) -> None:
        raise TransientError("busy")

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        await bus.publish(message("m-1"))

        async def buried() -> bool:
            return len(await dead(server)) == 1

        await eventually(buried, "dead letter")
    [letter] = await dead(server)
    assert (system.calls, letter.attempts, letter.code) == (3, 3, "lgsp.tries_spent")


async def test_system_that_is_away_costs_no_message_and_no_try(server: Server) -> None:
    away = True

    def refuse(_: Delivery) -> None:
        if away:
            raise TransientError("connection refused", system_down=True)

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        for number in range(20):
            await bus.publish(message(f"m-{number:02}", subject="s"))
        await eventually(lambda: system.calls >= 3, "probes")
        assert system.calls < 20
        away = False
        await eventually(lambda: len(system.holds) == 20, "drained")
    assert system.holds == [f"m-{number:02}" for number in range(20)]
    assert await dead(server) == []


async def test_week_without_the_system_costs_no_message_and_keeps_nobody_busy(server: Server) -> None:
    away, clock = True, VirtualClock(datetime(2026, 11, 23, 8, tzinfo=VIETNAM))

    def refuse(_: Delivery) -> None:
        if away:
            raise TransientError("connection refused", system_down=True)

    system = FakeSystem(refuse)
    async with running(server, system, clock=clock) as bus:
        for number in range(30):
            await bus.publish(message(f"m-{number:02}", subject=f"s-{number % 3}"))
        await eventually(lambda: system.calls >= 1, "the first call")
        for _ in range(7 * 24):
            await clock.advance(3600)
            await asyncio.sleep(0.002)
        assert 10 < system.calls <= 7 * 24 * 8, "it was asked now and then, and not all the time"
        assert system.holds == []
        assert (await bus.waiting())["dead"] == 0
        away = False

        async def drained() -> bool:
            await clock.advance(60)
            return len(system.holds) == 30

        await eventually(drained, "all of them")
    for subject in range(3):
        assert [one for one in system.holds if int(one[2:]) % 3 == subject] == [
            f"m-{number:02}" for number in range(subject, 30, 3)
        ]


async def test_system_that_is_back_is_not_overrun(server: Server) -> None:
    away = True

    def refuse(_: Delivery) -> None:
        if away:
            raise TransientError("connection refused", system_down=True)

    system, slowly = FakeSystem(refuse), replace(FAST, drain_per_s=0.01)
    async with running(server, system, endpoint=slowly) as bus:
        for number in range(30):
            await bus.publish(message(f"m-{number:02}", subject=f"s-{number}"))
        await eventually(lambda: system.calls >= 2, "probes")
        away = False
        await eventually(lambda: len(system.holds) >= 1, "the probe")
        await bus.publish(message("later", subject="later"))
        assert len(system.holds) <= 3, "the others wait for their slots, one in a hundred seconds"


async def test_slow_system_does_not_slow_the_others(server: Server) -> None:
    slow, quick = FakeSystem(gate=asyncio.Event()), FakeSystem()
    router = Router([Route("all", ("document.*",), ("axis", "portal"))])
    bus = Bus(
        BusParts(server, KEYS, router, SchemaRegistry(), SystemClock(), {"axis": slow, "portal": quick})
    )
    await bus.open()
    stopping = asyncio.Event()
    worker = asyncio.create_task(Worker(bus, "worker-1", WorkerSettings(endpoint=FAST)).run(stopping))
    for number in range(100):
        await bus.publish(message(f"m-{number}", subject=f"s-{number}"))
    await eventually(lambda: len(quick.holds) == 100, "the quick one has everything")
    assert slow.holds == []
    assert slow.gate is not None
    slow.gate.set()
    await eventually(lambda: len(slow.holds) == 100, "and the slow one in its own time")
    stopping.set()
    await worker


async def test_retry_noted_by_a_worker_whose_clock_is_a_day_ahead_is_made_at_once_by_the_next(
    server: Server,
) -> None:
    failing = True

    def refuse(_: Delivery) -> None:
        if failing:
            raise TransientError("busy")

    system, patient = FakeSystem(refuse), replace(FAST, policy=RetryPolicy(base_s=0.02, max_attempts=1000))
    ahead = VirtualClock(SystemClock().now() + timedelta(days=1))
    async with running(server, system, clock=ahead, endpoint=patient) as bus:
        await bus.publish(message("m-1"))

        async def held() -> bool:
            return (await bus.waiting())["held:axis"] == 1

        await eventually(held, "held")
    failing = False
    async with running(server, system, endpoint=patient):
        await eventually(lambda: system.holds == ["m-1"], "delivered")


async def test_recipient_that_no_route_takes_becomes_a_dead_letter(server: Server) -> None:
    system = FakeSystem()
    async with running(server, system) as bus:
        await bus.publish(message("m-1", recipients="000.00.00.G22,000.00.00.X99"))
        await eventually(lambda: system.holds == ["m-1"], "the known recipient gets it")

        async def buried() -> bool:
            return len(await dead(server)) == 1

        await eventually(buried, "dead letter")
    assert (await dead(server))[0].organizations == ("000.00.00.X99",)


async def test_bug_in_an_adapter_is_retried_then_dead_and_stops_nobody(server: Server) -> None:
    def refuse(delivery: Delivery) -> None:
        if delivery.message.id == "m-1":
            raise ZeroDivisionError("oops")

    system = FakeSystem(refuse)
    async with running(server, system) as bus:
        await bus.publish(message("m-1"))
        await bus.publish(message("m-2"))
        await eventually(lambda: system.holds == ["m-2"], "the next one")
    [letter] = await dead(server)
    assert "ZeroDivisionError" in letter.reason


async def test_message_that_breaks_its_schema_is_refused_with_its_place(server: Server) -> None:
    async with running(server, FakeSystem()) as bus:
        with pytest.raises(InvalidMessageError) as caught:
            await bus.publish(message("m-1", data={"subject": "only"}))
        assert "/data/document_id" in {fault.place for fault in caught.value.faults}
        assert (await bus.waiting())["inbox"] == 0


async def test_worker_that_died_leaves_its_message_to_the_next(server: Server) -> None:
    first = FakeSystem(gate=asyncio.Event())
    router = Router([Route("all", ("document.*",), ("axis",))])
    bus = Bus(BusParts(server, KEYS, router, SchemaRegistry(), SystemClock(), {"axis": first}))
    await bus.open()
    settings = WorkerSettings(lease_ttl_s=0.3, look_round_s=0.02, endpoint=FAST)
    crashed = asyncio.create_task(Worker(bus, "worker-0", settings).run(asyncio.Event()))
    await bus.publish(message("m-1"))
    await eventually(lambda: first.calls == 1, "in flight")
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(crashed, return_exceptions=True)

    second = FakeSystem()
    async with running(server, second):
        await eventually(lambda: second.holds == ["m-1"], "taken over")
    assert second.keys == first.keys


async def test_partitions_are_shared_fairly_as_workers_come_and_go(server: Server) -> None:
    keys, settings = Keys(partitions=7), WorkerSettings(look_round_s=0.02, endpoint=FAST)
    workers: list[tuple[Worker, asyncio.Event, asyncio.Task[None]]] = []

    async def come(name: str) -> None:
        bus = Bus(BusParts(server, keys, Router([]), SchemaRegistry(), SystemClock(), {"axis": FakeSystem()}))
        await bus.open()
        worker, stop = Worker(bus, name, settings), asyncio.Event()
        workers.append((worker, stop, asyncio.create_task(worker.run(stop))))

    def shares() -> list[int]:
        return sorted(len(worker.partitions) for worker, _, _ in workers)

    for number, wanted in enumerate([[7], [3, 4], [2, 2, 3]]):
        await come(f"worker-{number}")
        await eventually(lambda wanted=wanted: shares() == wanted, "the newcomer has its share")
    _, stop, going = workers.pop(0)
    stop.set()
    await going
    await eventually(lambda: shares() == [3, 4], "the others have taken over")
    for _, stop, going in workers:
        stop.set()
        await going


async def test_stop_finishes_what_is_in_hand(server: Server) -> None:
    gate = asyncio.Event()
    system, store = FakeSystem(gate=gate), FakeStore()
    async with running(server, system, store) as bus:
        await bus.publish(message("m-1"))
        await eventually(lambda: system.calls == 1, "in flight")
        asyncio.get_running_loop().call_later(0.05, gate.set)
    assert system.holds == ["m-1"]
    assert ("delivered", "axis") in store.steps("m-1")
