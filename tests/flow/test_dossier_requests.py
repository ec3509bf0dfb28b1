"""Dossiers that ask, from the citizen on the portal to iGate and back: both adapters and both stand-ins, on a virtual clock.

The messages are carried by hand, so that every pause has a length that is known; the demo's flows carry them over the real bus.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
import respx
from pydantic import JsonValue
from starlette.applications import Starlette

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VIETNAM, VirtualClock
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.settings import load
from lgsp_adapters.igate import IGateAdapter
from lgsp_adapters.portal import PortalAdapter
from lgsp_mocks import igate, portal
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.flow

MONDAY = datetime(2026, 11, 16, 8, 30, tzinfo=VIETNAM)
PLAIN = "1.000001.000.00.00.H34"
ACCOUNT = {"username": "sim", "password": "sim-secret", "client_id": "sim", "client_secret": "sim-secret"}
Row = dict[str, JsonValue]


@dataclass
class Province:
    clock: VirtualClock
    adapters: dict[str, IGateAdapter | PortalAdapter]
    intake: FakeIntake
    users: dict[str, httpx.AsyncClient]
    router: Router
    carried: int = 0

    async def act(self, system: str, name: str, **body: JsonValue) -> Row:
        answer = await self.users[system].post(f"/__mock__/act/{name}", json=body)
        assert answer.is_success, answer.text
        found: Row = answer.json()
        return found

    async def go_on(self, rounds: int = 1) -> None:
        """The people of both systems act once a round, and every message arrives."""
        for _ in range(rounds):
            for system in ("igate", "portal"):
                await self.users[system].post("/__mock__/tick")
                await self.carry()

    async def carry(self) -> None:
        reader = self.adapters["igate"]
        assert isinstance(reader, IGateAdapter)
        await reader.poll(self.intake)
        while self.carried < len(self.intake.messages):
            message = self.intake.messages[self.carried]
            self.carried += 1
            SchemaRegistry().check(message)
            for system in (one.system for one in self.router.route(message).recipients):
                await self.adapters[system].send(Delivery(message, (), 1, message.id))
            await reader.poll(self.intake)

    async def table(self, system: str, name: str) -> dict[str, Row]:
        tables = (await self.users[system].get("/__mock__/state")).json()["tables"]
        found: dict[str, Row] = tables.get(name, {})
        return found

    async def both(self, national: str) -> tuple[Row, Row]:
        """What iGate holds, and what the portal holds."""
        [mine] = [
            row
            for row in (await self.table("igate", "dossiers")).values()
            if row["national_code"] == national
        ]
        return mine, (await self.table("portal", "dossiers"))[national]


@pytest.fixture
async def province() -> AsyncIterator[Province]:
    clock, blobs, intake = VirtualClock(MONDAY), MemoryBlobs(), FakeIntake()
    async with AsyncExitStack() as stack:
        makers = {"igate": IGateAdapter, "portal": PortalAdapter}
        adapters: dict[str, IGateAdapter | PortalAdapter] = {
            name: make({"url": f"http://{name}", **ACCOUNT}, make_ports(name, clock, blobs=blobs))
            for name, make in makers.items()
        }
        callbacks = adapters["portal"]
        assert isinstance(callbacks, PortalAdapter)
        gateway = httpx.ASGITransport(Starlette(routes=list(callbacks.routes(intake))))
        outside = await stack.enter_async_context(httpx.AsyncClient(transport=gateway))
        routes = stack.enter_context(respx.mock(assert_all_called=False))
        users = {}
        for name, stand_in in (("igate", igate.STAND_IN), ("portal", portal.STAND_IN)):
            settings = {"callback_url": "http://gateway"}
            app = create_app(stand_in, clock=clock, settings=settings, autopilot=False, http=outside)
            await stack.enter_async_context(app.router.lifespan_context(app))
            routes.route(host=name).mock(side_effect=respx.ASGIHandler(app))
            transport = httpx.ASGITransport(app)
            users[name] = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=f"http://{name}")
            )
            stack.push_async_callback(adapters[name].aclose)
        router = Router(load(Path("lgsp/kontum.toml"), {}).routes)
        yield Province(clock, adapters, intake, users, router)


async def submit(province: Province, abstract: str) -> str:
    submitted = await province.act("portal", "submit-dossier", procedure=PLAIN, abstract=abstract)
    await province.users["portal"].post("/__mock__/tick")
    await province.carry()
    return str(submitted["national_code"])


async def test_dossier_that_asks_for_papers_and_a_fee_ends_with_both_pauses_in_its_due_date(
    province: Province,
) -> None:
    national = await submit(province, "Cấp lại [bổ sung] [lệ phí] [không trả lời]")
    await province.go_on(2)
    mine, theirs = await province.both(national)
    assert (mine["status"], theirs["TrangThaiHoSo"], theirs["NgayHenTra"]) == ("5", "5", "20261119083000")
    # Monday to Thursday are three working days; the due date moves over a weekend and the holiday of 24 November.
    await province.clock.advance(3 * 86_400)
    paper: JsonValue = {"name": "cccd.txt", "content_base64": "Q0NDRA=="}
    await province.act("portal", "supplement", national_code=national, documents=[paper])
    await province.go_on(3)
    mine, theirs = await province.both(national)
    assert (mine["status"], theirs["TrangThaiHoSo"]) == ("6", "6")
    # Thursday to Monday are two.
    await province.clock.advance(4 * 86_400)
    await province.act("portal", "pay", national_code=national)
    await province.go_on(4)
    mine, theirs = await province.both(national)
    assert (mine["status"], theirs["TrangThaiHoSo"]) == ("10", "10")
    files = await province.table("igate", "files")
    held = [files[str(file["id"])]["sha256"] for file in mine["files"]]  # type: ignore[union-attr,index,call-overload]
    assert held == [sha256(b"CCCD").hexdigest()]
    rows = theirs["DanhSachHoSoBoSung"]
    assert [(row["TrangThaiBoSung"], row["NgayHenTraTruoc"], row["NgayHenTraMoi"]) for row in rows] == [  # type: ignore[union-attr,index,call-overload]
        (True, "20261119083000", "20261125083000"),
        (True, "20261125083000", "20261127083000"),
    ]
    assert (theirs["NgayHenTra"], mine["due_at"]) == ("20261127083000", "2026-11-27T08:30:00.000+0700")
    assert [step["TrangThai"] for step in theirs["tien_do"]] == ["2", "5", "2", "4", "6", "4", "9", "10"]  # type: ignore[union-attr,index,call-overload]
    assert [one["chuyen_ve_tinh"]["state"] for one in theirs["cong_dan"]] == ["delivered"] * 2  # type: ignore[union-attr,index,call-overload]


async def test_withdrawn_dossier_is_7_on_both_sides_and_stays_so(province: Province) -> None:
    national = await submit(province, "[bổ sung] [không trả lời]")
    await province.go_on(2)
    await province.act("portal", "withdraw", national_code=national)
    await province.go_on(3)
    mine, theirs = await province.both(national)
    assert (mine["status"], theirs["TrangThaiHoSo"]) == ("7", "7")
    assert [step["TrangThai"] for step in theirs["tien_do"]] == ["2", "5", "7"]  # type: ignore[union-attr,index,call-overload]


async def test_citizens_and_officers_alone_bring_it_to_its_end(province: Province) -> None:
    national = await submit(province, "[bổ sung] [lệ phí]")
    await province.go_on(10)
    mine, theirs = await province.both(national)
    assert (mine["status"], theirs["TrangThaiHoSo"], len(mine["files"])) == ("10", "10", 1)  # type: ignore[arg-type]
    assert theirs["ket_qua"]


async def test_counter_dossier_is_supplemented_at_the_counter_and_followed_on_the_portal(
    province: Province,
) -> None:
    received = await province.act("igate", "receive-at-counter", procedure=PLAIN, abstract="[bổ sung]")
    code = str(received["code"])
    await province.go_on(2)
    assert (await province.table("portal", "dossiers"))[code]["TrangThaiHoSo"] == "5"
    await province.act("igate", "supplement", code=code)
    await province.go_on(4)
    theirs = (await province.table("portal", "dossiers"))[code]
    assert theirs["TrangThaiHoSo"] == "10"
    assert [row["TrangThaiBoSung"] for row in theirs["DanhSachHoSoBoSung"]] == [True]  # type: ignore[union-attr,index,call-overload]
