"""A dossier that iGate's own create-dossier call made: polled by the adapter, carried over the bus's routes, followed on the portal."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from pydantic import JsonValue

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VIETNAM, VirtualClock
from lgsp.message import Message
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.settings import load
from lgsp_adapters.igate import IGateAdapter
from lgsp_adapters.portal import PortalAdapter
from lgsp_mocks import igate, portal
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.flow

MONDAY = datetime(2026, 11, 16, 8, 30, tzinfo=VIETNAM)
ACCOUNT = {"username": "sim", "password": "sim-secret", "client_id": "sim", "client_secret": "sim-secret"}
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
PLAIN, UNIT, NATIONAL = "1.000001.000.00.00.H34", "000.07.00.H34", "G22.99.99-261116-0001"
ID = "62a5b244eb1b8f76b46069a5"
Row = dict[str, Any]


def body(wish: str, code: str = "") -> Row:
    names = [{"languageId": 228, "name": "Tên"}]
    return {
        "code": code,
        "procedure": {"id": ID, "code": PLAIN, "translate": names, "sector": {"id": ID, "code": "G15-TP03", "name": names}},
        "applicant": {"data": {"ownerFullname": "Nguyễn A", "identityNumber": "999000000001", "noidungyeucaugiaiquyet": wish}},
        "agency": {"parent": {"id": ID, "code": UNIT, "name": names}},
        "dossierStatus": 0,
    }  # fmt: skip


@dataclass
class Province:
    clock: VirtualClock
    igate: IGateAdapter
    portal: PortalAdapter
    users: dict[str, httpx.AsyncClient]
    routes: respx.MockRouter
    router: Router
    intake: FakeIntake = field(default_factory=FakeIntake)
    carried: int = 0

    async def create(self, wish: str, code: str = "") -> str:
        answer = await self.users["igate"].post("/pa/dossier", json=body(wish, code))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["code"])

    async def go_on(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.users["igate"].post("/__mock__/tick")
            await self.carry()

    async def carry(self) -> None:
        await self.igate.poll(self.intake)
        adapters = {"igate": self.igate, "portal": self.portal}
        while self.carried < len(self.intake.messages):
            message = self.intake.messages[self.carried]
            self.carried += 1
            SchemaRegistry().check(message)
            for system in (one.system for one in self.router.route(message).recipients):
                await adapters[system].send(Delivery(message, (), 1, message.id))

    async def table(self, system: str, name: str) -> dict[str, Row]:
        tables = (await self.users[system].get("/__mock__/state")).json()["tables"]
        found: dict[str, Row] = tables.get(name, {})
        return found

    async def on_portal(self, code: str) -> Row:
        return (await self.table("portal", "dossiers"))[code]


@pytest.fixture
async def province() -> AsyncIterator[Province]:
    clock, blobs = VirtualClock(MONDAY), MemoryBlobs()
    async with AsyncExitStack() as stack:
        routes = stack.enter_context(respx.mock(assert_all_called=False))
        users = {}
        for name, stand_in in (("igate", igate.STAND_IN), ("portal", portal.STAND_IN)):
            app = create_app(stand_in, clock=clock, autopilot=False)
            await stack.enter_async_context(app.router.lifespan_context(app))
            routes.route(host=name).mock(side_effect=respx.ASGIHandler(app))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}")
            users[name] = await stack.enter_async_context(client)
        token = (await users["igate"].post(TOKEN, data=LOGIN)).json()["access_token"]
        users["igate"].headers["Authorization"] = f"Bearer {token}"
        one_stop = IGateAdapter({"url": "http://igate", **ACCOUNT}, make_ports("igate", clock, blobs=blobs))
        national = PortalAdapter(
            {"url": "http://portal", **ACCOUNT}, make_ports("portal", clock, blobs=blobs)
        )
        stack.push_async_callback(one_stop.aclose)
        stack.push_async_callback(national.aclose)
        router = Router(load(Path("lgsp/kontum.toml"), {}).routes)
        yield Province(clock, one_stop, national, users, routes, router)


async def test_created_dossier_reaches_the_portal_with_each_of_its_statuses(province: Province) -> None:
    code = await province.create("Xin cấp bản sao")
    assert code == f"{UNIT}-261116-0001"
    seen = []
    for _ in range(4):
        await province.go_on()
        seen.append((await province.on_portal(code))["TrangThaiHoSo"])
    assert seen == ["2", "4", "9", "10"]
    theirs = await province.on_portal(code)
    assert [step["TrangThai"] for step in theirs["tien_do"]] == ["2", "4", "9", "10"]
    assert (theirs["TrichYeuHoSo"], theirs["ChuHoSo"]) == ("Xin cấp bản sao", "Nguyễn A")
    assert theirs["DonViXuLy"].startswith("Sở Tư pháp")  # taken in by the commune, decided by the department
    assert {message.subject for message in province.intake.messages} == {code}


async def test_owner_is_whom_the_dossier_is_about_not_who_handed_it_in(province: Province) -> None:
    sent = body("Đăng ký khai sinh")
    sent["applicant"]["data"]["fullname"] = "Trần Thị Nộp Thay"
    code = (await province.users["igate"].post("/pa/dossier", json=sent)).json()["code"]
    await province.go_on()
    assert (await province.on_portal(code))["ChuHoSo"] == "Nguyễn A"


async def test_dossier_that_is_only_registered_is_told_to_nobody_yet(province: Province) -> None:
    await province.create("Xin cấp bản sao")
    await province.carry()
    assert province.intake.messages == []


@pytest.mark.parametrize(("wish", "state"), [("[từ chối]", "3"), ("[bổ sung]", "5")])
async def test_created_dossier_that_takes_a_turn_shows_it_under_its_number(
    province: Province, wish: str, state: str
) -> None:
    code = await province.create(wish)
    await province.go_on(2)
    theirs = await province.on_portal(code)
    assert (theirs["TrangThaiHoSo"], theirs["MaHoSo"]) == (state, code)


async def test_half_of_a_row_of_calls_that_is_valid_lives_on_and_leaves_no_gap(province: Province) -> None:
    codes = []
    for number in range(6):
        sent = body(f"đơn {number}")
        if number % 2:
            sent["procedure"]["sector"]["code"] = "NOPE"
        answer = await province.users["igate"].post("/pa/dossier", json=sent)
        assert answer.status_code == (400 if number % 2 else 200)
        codes += [answer.json()["code"]] if answer.is_success else []
    await province.go_on(4)
    assert codes == [f"{UNIT}-261116-000{number}" for number in (1, 2, 3)]
    theirs = await province.table("portal", "dossiers")
    assert {code: row["TrangThaiHoSo"] for code, row in theirs.items()} == dict.fromkeys(codes, "10")


def submission(papers: list[JsonValue]) -> Delivery:
    message = Message.model_validate({
        "id": "s-1", "source": "/systems/portal", "type": "vn.lgsp.dossier.submitted", "subject": NATIONAL,
        "time": "2026-11-16T08:00:00+07:00", "dataschema": "https://lgsp.vn/schemas/dossier.submitted/1",
        "data": {
            "national_code": NATIONAL, "procedure_code": PLAIN, "unit_id": UNIT, "submitted_at": "2026-11-16T08:00:00+07:00",
            "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"}, "documents": papers,
        },
    })  # fmt: skip
    return Delivery(message, (), 1, "key-1")


async def test_session_that_ends_between_the_papers_loses_none_and_makes_one_dossier(
    province: Province,
) -> None:
    blobs = MemoryBlobs()
    adapter = IGateAdapter(
        {"url": "http://igate", **ACCOUNT}, make_ports("igate", province.clock, blobs=blobs)
    )
    papers: list[JsonValue] = []
    for number in range(4):
        blob = await blobs.put(f"paper {number}".encode())
        name = f"giay-{number}.pdf"
        papers.append({"name": name, "attachment": {"name": name, "blob": blob.model_dump()}})
    await adapter.poll(FakeIntake())  # logged in
    ends = iter((299, 2, 299, 2, 299))

    client = adapter._client._client
    outside = client._transport

    async def time_passes(request: httpx.Request) -> httpx.Response:
        await province.clock.advance(next(ends, 1))
        return await outside.handle_async_request(request)

    client._transport = httpx.MockTransport(time_passes)
    for _ in range(2):
        await adapter.send(submission(papers))
    await adapter.aclose()
    [mine] = (await province.table("igate", "dossiers")).values()
    assert [file["name"] for file in mine["files"]] == [f"giay-{number}.pdf" for number in range(4)]
    logins = [call for call in province.routes.calls if call.request.url.path == TOKEN]
    assert len(logins) > 2
