"""Virtual time over the whole system: what is due after an advance happens, and what keeps real time does not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from pydantic import JsonValue

from builders import message
from lgsp.adapter import Delivery, Receipt
from lgsp.bootstrap import Overrides
from lgsp.bus import Bus, BusParts, Worker, WorkerSettings
from lgsp.channels import Keys, Server
from lgsp.clock import VIETNAM, ClockChange, SteerableClock, WorkCalendar, wire_stamp
from lgsp.endpoint import EndpointSettings
from lgsp.errors import TransientError
from lgsp.retry import RetryPolicy
from lgsp.routing import Route, Router
from lgsp.scenario.steps.dossiers import returned as ended
from lgsp.scenario.world import World
from lgsp.schemas import SchemaRegistry
from province import NAMES, PLAIN, province
from waiting import eventually

pytestmark = pytest.mark.flow

MONDAY = datetime(2026, 11, 30, 8, tzinfo=VIETNAM)
Record = dict[str, JsonValue]


@dataclass
class Forgetful:
    """Takes a message at its second try."""

    calls: int = 0
    holds: list[str] = field(default_factory=list)

    async def send(self, delivery: Delivery) -> Receipt:
        self.calls += 1
        if delivery.message.id == "later" and delivery.attempt == 1:
            raise TransientError("ask again")
        self.holds.append(delivery.message.id)
        return Receipt("1")


@asynccontextmanager
async def running(
    server: Server, system: Forgetful, clock: SteerableClock
) -> AsyncIterator[tuple[Bus, Worker]]:
    router = Router([Route("all", ("document.*",), ("axis",), recipients=("*.G22",))])
    bus = Bus(BusParts(server, Keys(partitions=2), router, SchemaRegistry(), clock, {"axis": system}))
    await bus.open()
    patient = EndpointSettings(policy=RetryPolicy(base_s=3600, cap_s=3600))
    settings = WorkerSettings(lease_ttl_s=1.0, look_round_s=0.02, endpoint=patient)
    worker, stopping = Worker(bus, "worker-1", settings), asyncio.Event()
    task = asyncio.create_task(worker.run(stopping))
    try:
        yield bus, worker
    finally:
        stopping.set()
        await task


async def test_a_retry_waits_while_time_stands_and_is_made_once_it_has_passed(valkey: str) -> None:
    clock, system, server = SteerableClock(), Forgetful(), await Server(valkey).open()
    await clock.freeze(MONDAY)
    async with running(server, system, clock) as (bus, worker):
        await bus.publish(message("later", subject="a"))
        await eventually(lambda: system.calls == 1, "the first try")
        await bus.publish(message("now", subject="b"))
        await eventually(lambda: system.holds == ["now"], "others are delivered while time stands")
        await clock.advance(timedelta(minutes=20))
        await bus.publish(message("too early", subject="a"))
        await bus.publish(message("now too", subject="b"))
        await eventually(lambda: system.holds == ["now", "now too"], "not yet for the retry")
        held = worker.partitions
        await clock.advance(timedelta(hours=1))
        await eventually(lambda: system.holds[2:] == ["later", "too early"], "the retry, in order")
        assert worker.partitions == held == {0, 1}
    await server.aclose()


async def test_a_worker_keeps_its_leases_when_time_jumps_by_years(valkey: str) -> None:
    clock, system, server = SteerableClock(), Forgetful(), await Server(valkey).open()
    async with running(server, system, clock) as (bus, worker):
        await eventually(lambda: worker.partitions == {0, 1}, "the leases")
        tasks = {number: task for number, (task, _) in worker._mine.items()}
        await clock.change(ClockChange(advance="3660d"))
        await bus.publish(message("m", subject="a"))
        await eventually(lambda: system.holds == ["m"], "delivered")
        assert {number: task for number, (task, _) in worker._mine.items()} == tasks
    await server.aclose()


async def steer(world: World, change: Record) -> Record:
    async with asyncio.timeout(60):
        answer = await world.http.post(f"{world.urls['gateway']}/api/clock", json=change, timeout=60)
    assert answer.status_code == 200, answer.text
    return cast("Record", answer.json())


async def asked_for_paper(world: World) -> tuple[str, Record]:
    body = {"procedure": PLAIN, "abstract": "Cấp bản sao [bổ sung] [không trả lời]", "documents": []}
    national = str((await world.act("portal", "submit-dossier", body))["national_code"])

    async def asked() -> Record | None:
        row = await world.record("portal", "dossiers", national)
        return row if row is not None and row["TrangThaiHoSo"] == "5" else None

    return national, await world.until("the portal shows that a paper is asked for", asked)


async def test_a_dossier_that_waits_fifteen_working_days_ends_with_its_due_date_moved_by_them(
    tmp_path: Path,
) -> None:
    clock = SteerableClock()
    await clock.change(ClockChange(freeze=MONDAY.isoformat(), resume=True))
    async with province(tmp_path, overrides=Overrides(clock=clock)) as world:
        national, waiting = await asked_for_paper(world)
        sessions = set(await world.table("portal", "sessions"))

        after = await steer(world, {"advance": "15wd"})
        assert str(after["now"]).startswith("2026-12-21T08:")
        shown = [(await world.http.get(f"{world.urls[name]}/__mock__/clock")).json() for name in NAMES]
        assert {each["clock"] for each in shown} == {after["clock"]}

        paper: JsonValue = {"name": "cccd.txt", "content_base64": "Q0NDRA=="}
        await world.act("portal", "supplement", {"national_code": national, "documents": [paper]})
        row = await world.until("the portal shows the result", lambda: ended(world, national))
        assert not sessions & set(await world.table("portal", "sessions")), "the half hour was over long ago"
    before = datetime.strptime(str(waiting["NgayHenTra"]), "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    moved = WorkCalendar().add_working_days(before, 15)
    assert str(row["NgayHenTra"])[:8] == wire_stamp(moved)[:8]


async def test_the_sessions_of_a_stand_in_end_when_the_gateway_advances(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        await steer(world, {"freeze": True})
        account = {"username": "sim", "password": "sim-secret"}
        session = (await world.http.post(f"{world.urls['portal']}/mapi/login", json=account)).json()[
            "session"
        ]

        async def answer() -> str:
            body = {"session": session, "service": "LayDanhMucLinhVuc"}
            return (await world.http.post(f"{world.urls['portal']}/mapi/g", json=body)).text

        await steer(world, {"advance": "29m"})
        assert "hết hạn" not in await answer()
        await steer(world, {"advance": "1m"})
        assert "hết hạn" in await answer()


async def test_while_time_stands_nobody_works_and_after_an_advance_they_do(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        await steer(world, {"freeze": True})
        body = {"procedure": PLAIN, "documents": []}
        code = str((await world.act("igate", "receive-at-counter", body))["code"])
        before = await world.find("igate", "dossiers", lambda row: row["code"] == code)
        await asyncio.gather(*(world.table("igate", "dossiers") for _ in range(100)))
        assert await world.find("igate", "dossiers", lambda row: row["code"] == code) == before
        await steer(world, {"advance": "2wd", "resume": True})
        await world.until("the portal shows the result", lambda: ended(world, code))
