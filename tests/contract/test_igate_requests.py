"""Dossiers that ask, in iGate: its stand-in's wire, and the adapter's translation of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import respx
from pydantic import JsonValue

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VirtualClock
from lgsp.errors import EarlyError, Fault, InvalidMessageError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp_adapters.igate import IGateAdapter
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"
SETTINGS = {"url": "http://igate", "client_id": "sim", "client_secret": "sim-secret"}
NATIONAL = "G22.99.99-261123-0001"
DAY_S = 86_400


@dataclass
class Stage:
    adapter: IGateAdapter
    intake: FakeIntake
    blobs: MemoryBlobs
    clock: VirtualClock
    user: httpx.AsyncClient
    routes: respx.MockRouter

    async def receive(self, abstract: str = "", procedure: str = PLAIN) -> str:
        body = {"procedure": procedure, "abstract": abstract}
        answer = await self.user.post("/__mock__/act/receive-at-counter", json=body)
        return str(answer.json()["code"])

    async def act(self, name: str, code: str, **fields: JsonValue) -> httpx.Response:
        return await self.user.post(f"/__mock__/act/{name}", json={"code": code, **fields})

    async def tick(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.user.post("/__mock__/tick")

    async def dossier(self) -> dict[str, JsonValue]:
        [found] = (await self.user.get("/__mock__/state")).json()["tables"]["dossiers"].values()
        return dict(found)

    async def read(self, adapter: IGateAdapter | None = None) -> list[Message]:
        intake = FakeIntake()
        fresh = adapter or IGateAdapter(SETTINGS, make_ports("igate", self.clock, blobs=self.blobs))
        await fresh.poll(intake)
        await fresh.aclose()
        return intake.messages

    def posted(self, name: str) -> list[dict[str, JsonValue]]:
        """The items of every call of that step of the partner API."""
        calls = [one.request for one in self.routes.calls if one.request.url.path.endswith(name)]
        return [item for one in calls for item in json.loads(one.content)]

    def break_detail(self, internal_id: JsonValue, response: httpx.Response) -> respx.Route:
        """That one dossier's detail is answered so, before the stand-in is asked."""
        broken = respx.Route(method="GET", url=f"http://igate/pa/dossier/{internal_id}/--online")
        self.routes.routes._routes.insert(0, broken.mock(return_value=response))
        return broken

    async def ask(self, abstract: str) -> None:
        """An online dossier, up to the request."""
        await self.adapter.send(delivery("submitted", **submission(abstract)))
        await self.tick(2 if "[bổ sung]" in abstract else 3)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    blobs = MemoryBlobs()
    ports = make_ports("igate", blobs=blobs)
    assert isinstance(ports.clock, VirtualClock)
    app = create_app(STAND_IN, clock=ports.clock, autopilot=False)
    async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
        routes.route(host="igate").mock(side_effect=respx.ASGIHandler(app))
        adapter = IGateAdapter(SETTINGS, ports)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as user:
            yield Stage(adapter, FakeIntake(), blobs, ports.clock, user, routes)
        await adapter.aclose()


def submission(abstract: str = "") -> dict[str, JsonValue]:
    return {
        "national_code": NATIONAL, "procedure_code": PLAIN, "unit_id": "000.00.03.H34", "submitted_at": "2026-11-23T08:00:00+07:00",
        "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"}, "abstract": abstract,
    }  # fmt: skip


def delivery(kind: str, **data: JsonValue) -> Delivery:
    message = Message.model_validate({
        "id": f"m-{kind}", "source": "/systems/portal", "type": f"vn.lgsp.dossier.{kind}", "subject": NATIONAL,
        "time": "2026-11-23T08:00:00+07:00", "dataschema": f"https://lgsp.vn/schemas/dossier.{kind}/1", "data": data,
    })  # fmt: skip
    return Delivery(message, (), 1, "key-1")


def answer(kind: str, **data: JsonValue) -> Delivery:
    base: dict[str, JsonValue] = {
        "national_code": NATIONAL,
        "content": "trả lời",
        "at": "2026-11-25T08:30:00+07:00",
    }
    return delivery(kind, **(base | data))


def kinds(messages: list[Message]) -> list[str]:
    return [f"{message.kind} {message.data.get('state', '')}".strip() for message in messages]


async def test_supplement_is_asked_for_once_and_the_pause_moves_the_due_date(stage: Stage) -> None:
    code = await stage.receive("Cấp lại [bổ sung]")
    await stage.tick(3)
    asked = await stage.dossier()
    assert (asked["status"], asked["due_at"]) == ("5", "2026-11-27T08:30:00.000+0700")
    # Tuesday 24 November is a holiday: of the two days of the pause one was worked.
    await stage.clock.advance(2 * DAY_S)
    assert (await stage.act("supplement", code, content="căn cước")).status_code == 200
    [pause] = (await stage.dossier())["pauses"]  # type: ignore[misc]
    assert (pause["NgayHenTraTruoc"], pause["NgayHenTraMoi"]) == (
        "2026-11-27T08:30:00.000+0700", "2026-11-30T08:30:00.000+0700",
    )  # fmt: skip
    assert (pause["startedAt"], pause["endedAt"]) == (
        "2026-11-23T08:30:00.000+0700", "2026-11-25T08:30:00.000+0700",
    )  # fmt: skip
    assert "Mẫu 02" in pause["reason"]
    await stage.tick(3)
    ended = await stage.dossier()
    assert (ended["status"], ended["due_at"]) == ("10", "2026-11-30T08:30:00.000+0700")


async def test_request_is_published_beside_its_step_with_the_whole_dossier(stage: Stage) -> None:
    code = await stage.receive("[bổ sung] [lệ phí]")
    await stage.tick()
    await stage.act("supplement", code)
    await stage.tick(2)
    await stage.act("pay", code)
    messages = await stage.read()
    assert kinds(messages) == [
        "dossier.synchronized 2", "dossier.progressed 2", "dossier.progressed 5", "dossier.supplement_requested",
        "dossier.synchronized 2", "dossier.progressed 2", "dossier.progressed 4", "dossier.progressed 6", "dossier.fee_requested",
        "dossier.synchronized 4", "dossier.progressed 4",
    ]  # fmt: skip
    for message in messages:
        SchemaRegistry().check(message)
    asked, fee = messages[3].data, messages[8].data
    assert (asked["request_id"], asked["dossier"]["state"], len(asked["dossier"]["pauses"])) == ("1", "5", 1)  # type: ignore[index,call-overload,arg-type]
    assert asked["dossier"]["pauses"][0]["answered_at"] is None  # type: ignore[index,call-overload]
    assert (fee["request_id"], fee["fees"][0]["amount"] > 0) == ("2", True)  # type: ignore[index,call-overload,operator]
    assert messages[9].data["pauses"][1]["answered_at"] is not None  # type: ignore[index,call-overload]


async def test_content_under_one_id_never_changes_however_the_dossier_lives_on(stage: Stage) -> None:
    code = await stage.receive("[bổ sung] [lệ phí]")
    seen: dict[str, Message] = {}
    for act in ("", "", "supplement", "", "", "pay", "", "", ""):
        await (stage.act(act, code) if act else stage.tick())
        await stage.clock.advance(7200)
        for message in await stage.read():
            assert seen.setdefault(message.id, message).to_json() == message.to_json()
    assert kinds(list(seen.values()))[-1] == "dossier.resolved 10"


async def test_supplement_from_the_wire_is_taken_once_with_its_papers(stage: Stage) -> None:
    await stage.ask("[bổ sung]")
    blob = await stage.blobs.put(b"%PDF can-cuoc")
    paper: JsonValue = {
        "name": "can-cuoc.pdf",
        "attachment": {"name": "can-cuoc.pdf", "blob": blob.model_dump()},
    }
    supplement = answer("supplemented", request_id="1", documents=[paper])
    for _ in range(2):
        await stage.adapter.send(supplement)
    found = await stage.dossier()
    assert [(file["name"], file["supplement"]) for file in found["files"]] == [("can-cuoc.pdf", "1")]  # type: ignore[union-attr,index,call-overload]
    assert [step["status"] for step in found["steps"]] == ["2", "5", "2"]  # type: ignore[union-attr,index,call-overload]


async def test_repeated_submission_is_no_supplement(stage: Stage) -> None:
    await stage.ask("[bổ sung]")
    await stage.adapter.send(delivery("submitted", **submission("[bổ sung]")))
    assert (await stage.dossier())["status"] == "5"


async def test_second_answer_to_the_same_request_is_refused_with_the_reason(stage: Stage) -> None:
    await stage.ask("[bổ sung]")
    await stage.adapter.send(answer("supplemented", request_id="1"))
    with pytest.raises(RejectedError, match="no request for papers"):
        await stage.adapter.send(answer("supplemented", request_id="1", at="2026-11-26T08:30:00+07:00"))


async def test_payment_goes_on_once_and_too_little_is_refused(stage: Stage) -> None:
    await stage.ask("[lệ phí]")
    asked = (await stage.read())[-1].data["fees"][0]["amount"]  # type: ignore[index,call-overload]
    with pytest.raises(RejectedError, match="chưa đủ"):
        await stage.adapter.send(
            answer("fee_paid", request_id="1", fees=[{"name": "Lệ phí", "amount": asked - 1}])
        )
    assert (await stage.dossier())["status"] == "6"
    for _ in range(2):
        await stage.adapter.send(
            answer("fee_paid", request_id="1", fees=[{"name": "Lệ phí", "amount": asked}])
        )
    assert [step["status"] for step in (await stage.dossier())["steps"]] == ["2", "4", "6", "4"]  # type: ignore[union-attr,index,call-overload]


async def test_withdrawal_ends_the_dossier_and_its_repeat_changes_nothing(stage: Stage) -> None:
    await stage.ask("[bổ sung]")
    for _ in range(2):
        await stage.adapter.send(answer("withdrawn", content="Không còn nhu cầu"))
    found = await stage.dossier()
    assert [step["status"] for step in found["steps"]] == ["2", "5", "7"]  # type: ignore[union-attr,index,call-overload]
    assert (found["pauses"][0]["endedAt"] != "", found["pauses"][0]["NgayHenTraMoi"]) == (True, "")  # type: ignore[index,call-overload]
    assert kinds(await stage.read())[-1] == "dossier.progressed 7"


NOP_HO_SO = {
    "MaHoSo", "MaTTHC", "MaDichVuCong", "ChuHoSo", "LoaiDoiTuong", "MaDonViTiepNhan", "NgayNop", "NgayTiepNhan",
    "EformThongTinChiTiet", "ThanhPhanHoSo", "ThongTinNguoiNop",
}  # fmt: skip


async def test_abstract_arrives_by_a_field_that_the_wire_has(stage: Stage) -> None:
    await stage.adapter.send(delivery("submitted", **submission("Cấp lại giấy phép")))
    [call] = [one.request for one in stage.routes.calls if one.request.url.path.endswith("NopHoSo")]
    assert set(json.loads(call.content)) <= NOP_HO_SO
    assert (await stage.dossier())["abstract"] == "Cấp lại giấy phép"


async def test_payment_and_withdrawal_name_the_dossier_by_igates_own_id(stage: Stage) -> None:
    await stage.ask("Cấp lại [lệ phí]")
    paid: JsonValue = [{"name": "Lệ phí", "amount": 1_000_000}]
    for each in (answer("fee_paid", request_id="1", fees=paid), answer("withdrawn", by="Nguyễn A")):
        await stage.adapter.send(each)
    own = (await stage.dossier())["id"]
    [payment], [step] = (stage.posted(name) for name in ("CapNhatTrangThai", "CapNhatTienTrinh"))
    assert (payment["IdHoSo"], step["IDHoSo"]) == (own, own)
    last = (await stage.dossier())["steps"][-1]  # type: ignore[index]
    assert (last["officer"], last["position"], last["department"]) == ("Nguyễn A", "", "")  # type: ignore[index,call-overload]


async def test_withdrawal_that_comes_too_late_is_refused_with_the_reason(stage: Stage) -> None:
    await stage.ask("[lệ phí]")
    await stage.adapter.send(answer("fee_paid", fees=[{"name": "Lệ phí", "amount": 1_000_000}]))
    await stage.tick(2)
    with pytest.raises(RejectedError, match="hồ sơ đã kết thúc"):
        await stage.adapter.send(answer("withdrawn"))


@pytest.mark.parametrize("kind", ["supplemented", "fee_paid", "withdrawn"])
async def test_what_a_citizen_does_with_a_dossier_that_igate_does_not_have_yet_is_early(
    stage: Stage, kind: str
) -> None:
    with pytest.raises(EarlyError, match=NATIONAL):
        await stage.adapter.send(answer(kind))


async def test_submission_withdrawn_before_intake_is_told_as_withdrawn(stage: Stage) -> None:
    await stage.adapter.send(delivery("submitted", **submission()))
    await stage.adapter.send(answer("withdrawn"))
    messages = await stage.read()
    assert kinds(messages) == ["dossier.synchronized 7", "dossier.progressed 7"]
    assert messages[0].data["code"] is None


async def test_batch_with_one_illegal_step_changes_nothing(stage: Stage) -> None:
    code = await stage.receive()
    token = await stage.user.post(
        "/pa/partner/token", json={"client_id": "sim", "client_secret": "sim-secret"}
    )
    batch = [{"MaHoSo": code, "NoiDungXuLy": "x", "TrangThai": state} for state in ("4", "9", "2")]
    headers = {"Authorization": f"Bearer {token.json()['data']['access_token']}"}
    refused = await stage.user.post("/pa/partner/CapNhatTienTrinh", json=batch, headers=headers)
    assert (refused.status_code, "only 4, 10 may follow" in refused.json()["message"]) == (400, True)
    assert (await stage.dossier())["status"] == "2"


async def test_refused_draft_is_requested_before_the_stop_also_when_read_late(stage: Stage) -> None:
    code = await stage.receive(procedure=SIGNED)
    await stage.tick(3)
    refusal = {"code": code, "outcome": "03", "reason": "chưa đủ căn cứ", "attachments": []}
    issued = delivery("submitted").message.model_copy(
        update={"type": "vn.lgsp.result.issued", "data": refusal}
    )
    for _ in range(2):
        await stage.adapter.send(Delivery(issued, (), 1, "key-2"))
    assert kinds(await stage.read())[-3:] == [
        "dossier.progressed 4",
        "result.requested",
        "dossier.progressed 8",
    ]


# --- what goes wrong in a round


async def test_dossier_that_is_refused_holds_back_itself_only(stage: Stage) -> None:
    await stage.receive("cũ")
    internal_id = (await stage.dossier())["id"]
    newer = await stage.receive("mới")
    gone = httpx.Response(404, json={"code": "404", "message": "mất"})
    broken = stage.break_detail(internal_id, gone)
    for _ in range(3):
        await stage.adapter.poll(stage.intake)
    assert {message.subject for message in stage.intake.messages} == {newer}
    assert len(stage.intake.refused) == 1
    assert broken.call_count == 1
    stage.routes.routes._routes.remove(broken)
    await stage.clock.advance(61)
    await stage.adapter.poll(stage.intake)
    assert len({message.subject for message in stage.intake.messages}) == 2


def respond(routes: respx.MockRouter, rows: list[JsonValue], detail: httpx.Response) -> None:
    routes.post(path__startswith="/auth").respond(json={"access_token": "t"})
    routes.get("http://igate/pa/dossier/search").respond(json={"content": rows, "last": True})
    routes.get(path__regex="--online$").mock(return_value=detail)


async def test_row_without_an_id_is_recorded_once_and_passed_over() -> None:
    adapter, intake = IGateAdapter(SETTINGS, make_ports("igate")), FakeIntake()
    with respx.mock(assert_all_called=False) as routes:
        respond(routes, [{"code": "x"}], httpx.Response(200, json={}))
        for _ in range(2):
            assert await adapter.poll(intake) == 0
    [(_, error, _)] = intake.refused
    assert error.faults[0].place == "/id"
    await adapter.aclose()


@pytest.mark.parametrize("detail", [{}, {"tasks": [{"status": "2"}]}, {"tasks": "x"}, {"tasks": [5]}])
async def test_unreadable_detail_is_recorded_once_until_it_changes(detail: JsonValue) -> None:
    adapter, intake = IGateAdapter(SETTINGS, make_ports("igate")), FakeIntake()
    with respx.mock(assert_all_called=False) as routes:
        rows: list[JsonValue] = [{"id": "a", "code": "H34.1-261123-0001", "updatedDate": "1"}]
        respond(routes, rows, httpx.Response(200, json=detail))
        for _ in range(2):
            await adapter.poll(intake)
    assert [reference for _, _, reference in intake.refused] == ["H34.1-261123-0001"]
    await adapter.aclose()


async def test_what_the_bus_refused_is_not_recorded_a_second_time(stage: Stage) -> None:
    await stage.receive()
    stage.intake.invalid = InvalidMessageError("schema", [Fault("x", "/data", "x", "x")])
    await stage.adapter.poll(stage.intake)
    assert (stage.intake.calls, stage.intake.refused) == (2, [])


async def test_server_trouble_with_one_dossier_is_told_after_the_others_were_read(stage: Stage) -> None:
    await stage.receive("cũ")
    internal_id = (await stage.dossier())["id"]
    newer = await stage.receive("mới")
    stage.break_detail(internal_id, httpx.Response(500))
    with pytest.raises(TransientError):
        await stage.adapter.poll(stage.intake)
    assert {message.subject for message in stage.intake.messages} == {newer}


@pytest.mark.parametrize(
    ("code", "error"),
    [("400", RejectedError), ("-1", RejectedError), ("500", TransientError), ("503", TransientError)],
)
async def test_error_code_in_an_answer_with_http_200_is_no_success(code: str, error: type[Exception]) -> None:
    adapter = IGateAdapter(SETTINGS, make_ports("igate"))
    with respx.mock as routes:
        routes.post(path__startswith="/auth").respond(json={"access_token": "t"})
        routes.post("http://igate/pa/partner/NopHoSo").respond(json={"code": code, "message": "hỏng"})
        with pytest.raises(error, match="hỏng"):
            await adapter.send(delivery("submitted", **submission()))
    await adapter.aclose()


async def test_submission_carries_the_moment_of_intake_and_the_form(stage: Stage) -> None:
    await stage.adapter.send(delivery("submitted", **submission("Xin cấp lại")))
    sent = next(call.request for call in stage.routes.calls if call.request.url.path.endswith("/NopHoSo"))
    assert b'"NgayTiepNhan":"2026-11-23 08:00:00"' in sent.content
    assert b'"EformThongTinChiTiet":{' in sent.content


async def test_late_dossier_gets_an_apology_and_a_new_date_once(stage: Stage) -> None:
    await stage.receive("V/v chờ lâu [chờ]")
    await stage.tick(3)
    before = await stage.dossier()
    await stage.clock.advance(7 * DAY_S)
    await stage.tick(3)
    after = await stage.dossier()
    apologies = [step for step in after["steps"] if "Mẫu 04" in step["content"]]
    assert (after["status"], len(apologies)) == ("4", 1)
    assert apologies[0]["dueAt"] == after["due_at"] > before["due_at"]
    told = [message for message in await stage.read() if message.kind == "dossier.progressed"]
    assert "Mẫu 04" in told[-1].data["content"]


async def test_unit_that_takes_a_dossier_in_is_not_the_one_that_decides_it(stage: Stage) -> None:
    body = {"procedure": PLAIN, "unit": "000.07.00.H34"}
    taken = (await stage.user.post("/__mock__/act/receive-at-counter", json=body)).json()
    dossier = await stage.dossier()
    assert taken["code"].startswith("000.07.00.H34-")
    assert (dossier["unit_id"], dossier["intake_unit_id"]) == ("000.00.03.H34", "000.07.00.H34")
    assert str(dossier["unit_name"]) in dossier["steps"][0]["content"]
    [first, *_] = [message for message in await stage.read() if message.kind == "dossier.synchronized"]
    assert first.data["unit_id"] == "000.00.03.H34"
    elsewhere = await stage.user.post(
        "/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "unit": "000.00.00.G22"}
    )
    assert elsewhere.status_code == 422


async def test_numbers_of_a_unit_and_day_have_no_gap_and_no_double_under_load(stage: Stage) -> None:
    body = {"procedure": PLAIN}
    answers = await asyncio.gather(
        *(stage.user.post("/__mock__/act/receive-at-counter", json=body) for _ in range(60))
    )
    numbers = sorted(int(str(answer.json()["code"]).rsplit("-", 1)[-1]) for answer in answers)
    assert numbers == list(range(1, 61))
