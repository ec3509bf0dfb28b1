"""The whole bus on a real server, with a system that hangs, is away, comes back, or is slow."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from builders import message
from bus_at_work import FAST, KEYS, FakeStore, FakeSystem, dead, running
from lgsp.adapter import Delivery
from lgsp.bus import Bus, BusParts, Worker, WorkerSettings
from lgsp.channels import Server
from lgsp.clock import VIETNAM, SystemClock, VirtualClock
from lgsp.errors import TransientError
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from waiting import eventually

pytestmark = pytest.mark.flow


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
