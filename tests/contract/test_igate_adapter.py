"""The iGate adapter, against the stand-in's wire and against an unwilling server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import respx

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VirtualClock
from lgsp.errors import BackpressureError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp_adapters.igate import IGateAdapter
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app
from lgsp_mocks.kit.state import Table

pytestmark = pytest.mark.contract

PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"
SETTINGS = {"url": "http://igate", "client_id": "sim", "client_secret": "sim-secret"}
NATIONAL = "G22.99.99-261123-0001"


@dataclass
class Stage:
    adapter: IGateAdapter
    intake: FakeIntake
    blobs: MemoryBlobs
    clock: VirtualClock
    user: httpx.AsyncClient
    dossiers: Table
    asked: respx.Route

    async def receive(self, procedure: str = PLAIN) -> str:
        answer = await self.user.post("/__mock__/act/receive-at-counter", json={"procedure": procedure})
        return str(answer.json()["code"])

    async def tick(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.user.post("/__mock__/tick")

    def kinds(self) -> list[str]:
        return [message.kind for message in self.intake.messages]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    blobs = MemoryBlobs()
    ports = make_ports("igate", blobs=blobs)
    assert isinstance(ports.clock, VirtualClock)
    app = create_app(STAND_IN, clock=ports.clock, autopilot=False)
    async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
        asked = routes.route(host="igate").mock(side_effect=respx.ASGIHandler(app))
        adapter = IGateAdapter(SETTINGS, ports)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as user:
            dossiers = app.state.context.state.table("dossiers")
            yield Stage(adapter, FakeIntake(), blobs, ports.clock, user, dossiers, asked)
        await adapter.aclose()


def submitted() -> Message:
    return Message.model_validate({
        "id": "s-1", "source": "/systems/portal", "type": "vn.lgsp.dossier.submitted", "subject": NATIONAL,
        "time": "2026-11-23T08:00:00+07:00", "dataschema": "https://lgsp.vn/schemas/dossier.submitted/1",
        "data": {
            "national_code": NATIONAL, "procedure_code": PLAIN, "unit_id": "000.00.03.H34", "submitted_at": "2026-11-23T08:00:00+07:00",
            "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"},
        },
    })  # fmt: skip


def delivery(message: Message) -> Delivery:
    return Delivery(message, (), 1, "key-1")


async def test_whole_life_is_published_in_order_and_fits_the_schemas(stage: Stage) -> None:
    await stage.receive()
    await stage.tick(4)
    await stage.adapter.poll(stage.intake)
    assert stage.kinds() == [
        "dossier.synchronized", "dossier.progressed", "dossier.progressed", "dossier.progressed", "dossier.resolved",
        "dossier.progressed", "dossier.resolved",
    ]  # fmt: skip
    for message in stage.intake.messages:
        SchemaRegistry().check(message)


async def test_a_step_without_a_word_says_its_state(stage: Stage) -> None:
    code = await stage.receive()
    for state in ("4", "5"):
        moved = await stage.user.post("/__mock__/act/move", json={"code": code, "to": state})
        assert moved.status_code == 200
    await stage.adapter.poll(stage.intake)
    assert stage.kinds()[-2:] == ["dossier.progressed", "dossier.supplement_requested"]
    assert [one.data["content"] for one in stage.intake.messages[-3:]] == [
        "Đang xử lý", "Yêu cầu bổ sung giấy tờ", "Yêu cầu bổ sung giấy tờ",
    ]  # fmt: skip


async def test_what_an_officer_ends_without_a_word_says_so(stage: Stage) -> None:
    code = await stage.receive()
    for state in ("9", "10"):
        assert (
            await stage.user.post("/__mock__/act/move", json={"code": code, "to": state})
        ).status_code == 200
    (dossier,) = stage.dossiers.values()
    assert [step["content"] for step in dossier["steps"][-2:]] == [
        "Đã xử lý xong, có kết quả",
        "Đã trả kết quả cho người dân",
    ]


async def test_polling_again_or_in_another_process_publishes_nothing_new(stage: Stage) -> None:
    code = await stage.receive()
    for _ in range(5):
        await stage.adapter.poll(stage.intake)
        await stage.tick()
    fresh = IGateAdapter(SETTINGS, make_ports("igate", blobs=stage.blobs))
    before = list(stage.intake.messages)
    assert await fresh.poll(stage.intake) == 0
    assert stage.intake.messages == before
    assert {message.subject for message in before} == {code}
    await fresh.aclose()


async def test_content_under_one_id_is_the_same_however_late_it_is_read(stage: Stage) -> None:
    await stage.receive()
    await stage.adapter.poll(stage.intake)
    await stage.tick(4)
    late = FakeIntake()
    fresh = IGateAdapter(SETTINGS, make_ports("igate", blobs=stage.blobs))
    await fresh.poll(late)
    by_id = {message.id: message.data for message in late.messages}
    assert all(by_id[message.id] == message.data for message in stage.intake.messages)
    await fresh.aclose()


async def test_unchanged_dossiers_are_not_fetched_again(stage: Stage) -> None:
    await stage.receive()
    await stage.adapter.poll(stage.intake)
    calls = stage.intake.calls
    await stage.adapter.poll(stage.intake)
    assert stage.intake.calls == calls


async def test_what_was_told_of_a_dossier_is_told_again_only_where_igate_says_something_else(
    stage: Stage,
) -> None:
    await stage.receive()
    await stage.adapter.poll(stage.intake)
    before = stage.intake.calls
    await stage.tick()
    await stage.adapter.poll(stage.intake)
    assert stage.intake.calls - before == 1, "the one new step"
    row = stage.dossiers.values()[0]
    stage.dossiers.put(str(row["id"]), {**row, "abstract": "khác", "revision": 1_000})
    await stage.adapter.poll(stage.intake)
    assert stage.intake.calls - before == 1 + 3, "all of it, for the bus to judge"


async def test_a_message_that_the_bus_did_not_take_is_told_again_with_the_next_round(stage: Stage) -> None:
    await stage.receive()
    await stage.tick(4)
    stage.intake.full_for = 1
    with pytest.raises(BackpressureError):
        await stage.adapter.poll(stage.intake)
    stage.intake.full_for = 0
    await stage.adapter.poll(stage.intake)
    assert stage.kinds()[-1] == "dossier.resolved"
    assert len(stage.intake.messages) == 7


async def test_a_result_in_two_states_is_fetched_once(stage: Stage) -> None:
    await stage.receive()
    await stage.tick(4)
    await stage.adapter.poll(stage.intake)
    assert stage.kinds().count("dossier.resolved") == 2
    assert sum("/fi/file/" in str(call.request.url) for call in stage.asked.calls) == 1


async def test_full_bus_stops_the_round_and_nothing_is_skipped(stage: Stage) -> None:
    await stage.receive()
    stage.intake.full_for = 1
    with pytest.raises(BackpressureError):
        await stage.adapter.poll(stage.intake)
    await stage.adapter.poll(stage.intake)
    assert stage.kinds() == ["dossier.synchronized", "dossier.progressed"]


async def test_submitted_dossier_is_taken_in_once(stage: Stage) -> None:
    first = await stage.adapter.send(delivery(submitted()))
    again = await stage.adapter.send(delivery(submitted()))
    assert first == again
    await stage.tick()
    await stage.adapter.poll(stage.intake)
    assert {message.subject for message in stage.intake.messages} == {NATIONAL}
    assert stage.intake.messages[0].data["national_code"] == NATIONAL


async def test_draft_is_requested_and_its_answer_resolves_the_dossier(stage: Stage) -> None:
    code = await stage.receive(SIGNED)
    await stage.tick(3)
    await stage.adapter.poll(stage.intake)
    request = stage.intake.messages[-1]
    assert (request.kind, request.data["document_type"]) == ("result.requested", "Quyết định")
    paper = await stage.blobs.put(b"%PDF signed")
    data = {
        "code": code, "igate_id": request.data["igate_id"], "outcome": "01", "number": "1/QĐ-UBND",
        "attachments": [{"name": "quyet-dinh.pdf", "blob": paper.model_dump()}],
    }  # fmt: skip
    issued = request.model_copy(update={"type": "vn.lgsp.result.issued", "data": data})
    await stage.adapter.send(delivery(issued))
    before = stage.intake.calls
    await stage.adapter.poll(stage.intake)
    assert stage.intake.calls == before, "the request is the same, however it ended"
    await stage.tick(2)
    await stage.adapter.poll(stage.intake)
    results = stage.intake.messages[-1].data["results"]
    assert [one["name"] for one in results] == ["quyet-dinh.pdf"]  # type: ignore[union-attr,index,call-overload]
    assert [one["code"] for one in results] == ["000.00.00.H34-KQ000002"]  # type: ignore[union-attr,index,call-overload]


async def test_result_has_the_code_that_its_own_procedure_names(stage: Stage) -> None:
    await stage.receive("1.000003.000.00.00.H34")
    await stage.tick(4)
    await stage.adapter.poll(stage.intake)
    results = stage.intake.messages[-1].data["results"]
    assert [one["code"] for one in results] == ["000.00.00.H34-KQ000003"]  # type: ignore[union-attr,index,call-overload]


async def test_expired_token_is_renewed_once(stage: Stage) -> None:
    await stage.adapter.poll(stage.intake)
    await stage.clock.advance(3600)
    await stage.receive()
    await stage.adapter.poll(stage.intake)
    assert stage.kinds()


async def test_unknown_procedure_is_refused_with_igates_words(stage: Stage) -> None:
    wrong = submitted()
    wrong.data["procedure_code"] = "9.999999"
    with pytest.raises(RejectedError, match=r"9\.999999"):
        await stage.adapter.send(delivery(wrong))


async def test_system_that_is_away_is_told_apart_from_one_that_refuses() -> None:
    adapter = IGateAdapter(SETTINGS, make_ports("igate"))
    with respx.mock as routes:
        routes.route(host="igate").mock(side_effect=httpx.ConnectError("refused"))
        with pytest.raises(TransientError) as caught:
            await adapter.poll(FakeIntake())
        assert caught.value.system_down
        routes.route(host="igate").mock(
            return_value=httpx.Response(403, json={"code": "403", "message": "no"})
        )
        with pytest.raises(TransientError, match="no token") as refused:
            await adapter.poll(FakeIntake())
        assert refused.value.system_down
    await adapter.aclose()


async def test_nothing_is_lost_to_a_mistyped_secret_and_all_of_it_waits(stage: Stage) -> None:
    mistyped = IGateAdapter({**SETTINGS, "client_secret": "sim-sercet"}, make_ports("igate"))
    for call in (mistyped.send(delivery(submitted())), mistyped.poll(FakeIntake())):
        with pytest.raises(TransientError, match="no token as sim") as caught:
            await call
        assert caught.value.system_down
    await mistyped.aclose()


async def test_kind_that_the_wire_has_no_call_for_is_refused(stage: Stage) -> None:
    other = submitted().model_copy(update={"type": "vn.lgsp.dossier.resolved"})
    with pytest.raises(RejectedError, match=r"dossier\.resolved"):
        await stage.adapter.send(delivery(other))
