"""The whole bus on a real server, with systems played by fakes: order, retries, dead letters, crashes."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import message
from bus_at_work import FAST, KEYS, TO_AXIS, FakeStore, FakeSystem, dead, running
from lgsp.adapter import Delivery
from lgsp.bench.load import documents
from lgsp.bus import Bus, BusParts, Worker, WorkerSettings
from lgsp.channels import DeadLetterChannel, Keys, Server
from lgsp.clock import SystemClock, VirtualClock
from lgsp.errors import BackpressureError, EarlyError, InvalidMessageError, RejectedError, TransientError
from lgsp.retry import RetryPolicy
from lgsp.routing import Condition, Route, Router
from lgsp.schemas import SchemaRegistry
from waiting import eventually

pytestmark = pytest.mark.flow


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
