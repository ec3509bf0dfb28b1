"""iGate <-> iOffice: a draft goes to the leader, comes back for changes, goes again, is signed or refused; both adapters, both stand-ins.

The messages are carried by hand over the real routes, so that every moment in between can be looked at, and repeated.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VIETNAM, VirtualClock
from lgsp.errors import RejectedError
from lgsp.message import Message
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.settings import load
from lgsp_adapters.igate import IGateAdapter
from lgsp_adapters.ioffice import IOfficeAdapter
from lgsp_mocks import igate, ioffice
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.flow

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
SIGNED = "1.000002.000.00.00.H34"
ACCOUNTS: dict[str, dict[str, str]] = {
    "igate": {"client_id": "sim", "client_secret": "sim-secret"},
    "ioffice": {"username": "sim", "password": "sim-secret", "secret": "sim-secret"},
}
Row = dict[str, Any]


@dataclass
class Link:
    clock: VirtualClock
    blobs: MemoryBlobs
    igate: IGateAdapter
    ioffice: IOfficeAdapter
    users: dict[str, httpx.AsyncClient]
    router: Router
    intake: FakeIntake = field(default_factory=FakeIntake)
    carried: int = 0

    async def receive(self, abstract: str) -> str:
        body = {"procedure": SIGNED, "abstract": abstract}
        answer = await self.users["igate"].post("/__mock__/act/receive-at-counter", json=body)
        return str(answer.json()["code"])

    async def go_on(self, rounds: int = 1) -> None:
        """The people of both systems act once a round, and every message arrives."""
        for _ in range(rounds):
            for system in ("igate", "ioffice"):
                await self.users[system].post("/__mock__/tick")
                await self.carry()

    async def until(self, kind: str, count: int = 1) -> Message:
        for _ in range(12):
            found = self.of(kind)
            if len(found) >= count:
                return found[count - 1]
            await self.go_on()
        raise AssertionError(f"no {count}. {kind}")

    async def carry(self) -> None:
        for adapter in (self.igate, self.ioffice):
            await adapter.poll(self.intake)
        while self.carried < len(self.intake.messages):
            message = self.intake.messages[self.carried]
            self.carried += 1
            SchemaRegistry().check(message)
            await self.deliver(message)

    async def deliver(self, message: Message) -> None:
        adapters = {"igate": self.igate, "ioffice": self.ioffice}
        for system in (one.system for one in self.router.route(message).recipients):
            if system in adapters:
                await adapters[system].send(Delivery(message, (), 1, message.id))

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.intake.messages if message.kind == kind]

    async def table(self, system: str, name: str) -> list[Row]:
        tables = (await self.users[system].get("/__mock__/state")).json()["tables"]
        return list(tables.get(name, {}).values())

    async def dossier(self) -> Row:
        [found] = await self.table("igate", "dossiers")
        return found


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    clock, blobs = VirtualClock(MONDAY), MemoryBlobs()
    async with AsyncExitStack() as stack:
        routes = stack.enter_context(respx.mock(assert_all_called=False))
        users = {}
        for name, stand_in in (("igate", igate.STAND_IN), ("ioffice", ioffice.STAND_IN)):
            app = create_app(stand_in, clock=clock, autopilot=False)
            await stack.enter_async_context(app.router.lifespan_context(app))
            routes.route(host=name).mock(side_effect=respx.ASGIHandler(app))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}")
            users[name] = await stack.enter_async_context(client)
        one_stop = IGateAdapter(
            {"url": "http://igate", **ACCOUNTS["igate"]}, make_ports("igate", clock, blobs=blobs)
        )
        office = IOfficeAdapter(
            {"url": "http://ioffice", **ACCOUNTS["ioffice"]}, make_ports("ioffice", clock, blobs=blobs)
        )
        stack.push_async_callback(one_stop.aclose)
        stack.push_async_callback(office.aclose)
        router = Router(load(Path("lgsp/kontum.toml"), {}).routes)
        yield Link(clock, blobs, one_stop, office, users, router)


async def test_leader_asks_for_changes_the_officer_submits_again_and_the_dossier_ends_signed(
    link: Link,
) -> None:
    code = await link.receive("Cấp phép [sửa]")
    asked = await link.until("result.issued")
    assert (asked.data["outcome"], asked.data["changes_requested"], asked.data["round"]) == ("03", True, 1)
    seen = await link.dossier()
    assert (seen["status"], seen["drafts"][0]["state"]) == ("4", "returned")
    assert seen["drafts"][0]["opinion"] == asked.data["reason"]
    assert "căn cứ pháp lý" in seen["steps"][-1]["content"]
    signed = await link.until("result.issued", 2)
    assert (signed.data["outcome"], signed.data["changes_requested"], signed.data["round"]) == (
        "01",
        False,
        2,
    )
    await link.go_on(3)
    ended = await link.dossier()
    assert (ended["status"], [one["name"] for one in ended["results"]]) == (
        "10",
        ["du-thao-quyet-dinh-da-ky.pdf"],
    )
    first, second = link.of("result.requested")
    assert (first.subject, second.subject) == (code, code)
    assert (second.data["round"], str(asked.data["reason"]) in str(second.data["note"])) == (2, True)
    assert first.data["drafts"] != second.data["drafts"]
    assert [issued.causationid for issued in link.of("result.issued")] == [first.id, second.id]
    told = [message.data["content"] for message in link.of("dossier.progressed")]
    assert [any(word in text for text in told) for word in ("yêu cầu chỉnh sửa", "Trình ký lại")] == [
        True,
        True,
    ]
    names = [draft["name"] for draft in await link.table("ioffice", "drafts")]
    assert [str(second.data["note"]) in name for name in names] == [False, True]


@pytest.mark.parametrize(
    ("mark", "outcome", "said"),
    [
        ("[ký không ban hành]", "02", "Đã ký, không ban hành văn bản"),
        ("[ký duyệt]", "04", "Đã ký duyệt văn bản"),
    ],
)
async def test_what_is_signed_without_being_promulgated_ends_the_dossier_too(
    link: Link, mark: str, outcome: str, said: str
) -> None:
    await link.receive(f"Cấp phép {mark}")
    signed = await link.until("result.issued")
    assert (signed.data["outcome"], signed.data["promulgated_on"], signed.data["number"]) == (
        outcome,
        None,
        "",
    )
    await link.go_on(3)
    ended = await link.dossier()
    assert (ended["status"], len(ended["results"]), ended["drafts"][0]["opinion"]) == ("10", 1, said)


async def test_leader_may_ask_twice(link: Link) -> None:
    await link.receive("[sửa] [sửa]")
    await link.until("result.issued", 3)
    await link.go_on(3)
    ended = await link.dossier()
    assert [draft["state"] for draft in ended["drafts"]] == ["returned", "returned", "signed"]
    assert ended["status"] == "10"


async def test_refusal_for_good_stops_the_dossier_also_in_the_second_round(link: Link) -> None:
    code = await link.receive("[sửa]")
    await link.until("result.issued")
    resubmit = {"code": code, "content": "đã sửa", "abstract": "Cấp phép [không duyệt]"}
    assert (await link.users["igate"].post("/__mock__/act/resubmit", json=resubmit)).status_code == 200
    await link.until("result.issued", 2)
    ended = await link.dossier()
    assert (ended["status"], ended["drafts"][1]["state"]) == ("8", "refused")
    assert "chưa đủ căn cứ" in ended["steps"][-1]["content"]
    await link.go_on(3)
    assert (await link.dossier())["status"] == "8"


async def test_every_message_may_be_delivered_again_at_any_later_time_and_changes_nothing(link: Link) -> None:
    await link.receive("[sửa]")
    await link.until("result.issued")
    await link.go_on()  # the officer has submitted again; the leader has not decided
    waiting, drafts = await link.dossier(), await link.table("ioffice", "drafts")
    assert waiting["drafts"][1]["state"] == "waiting"
    for message in [*link.of("result.issued"), *link.of("result.requested")]:
        await link.deliver(message)
    assert (await link.dossier(), await link.table("ioffice", "drafts")) == (waiting, drafts)
    await link.until("result.issued", 2)
    signed = await link.dossier()
    await link.deliver(link.of("result.issued")[1])
    assert await link.dossier() == signed


async def test_late_reader_tells_of_both_rounds_the_same_as_an_early_one(link: Link) -> None:
    await link.receive("[sửa]")
    await link.until("result.issued", 2)
    await link.go_on(3)
    late = FakeIntake()
    fresh = IGateAdapter(
        {"url": "http://igate", **ACCOUNTS["igate"]}, make_ports("igate", link.clock, blobs=link.blobs)
    )
    await fresh.poll(late)
    await fresh.aclose()
    early = {
        message.id: message.to_json()
        for message in link.intake.messages
        if message.source == "/systems/igate"
    }
    assert {message.id: message.to_json() for message in late.messages} == early
    kinds = [message.kind for message in late.messages]
    assert kinds.count("result.requested") == 2


async def test_signature_for_a_dossier_that_was_withdrawn_is_refused_with_the_reason(link: Link) -> None:
    code = await link.receive("Cấp phép")
    await link.until("result.requested")
    await link.users["igate"].post("/__mock__/act/withdraw", json={"code": code})
    with pytest.raises(RejectedError, match="hồ sơ đã kết thúc"):
        await link.until("result.issued")
    assert (await link.dossier())["results"] == []


async def test_request_that_waits_is_carried_over_an_expired_session(link: Link) -> None:
    await link.receive("[sửa]")
    await link.until("result.requested")
    await link.clock.advance(3600)  # iGate's token lived five minutes
    await link.until("result.issued", 2)
    await link.clock.advance(3600)
    await link.go_on(3)
    assert (await link.dossier())["status"] == "10"
