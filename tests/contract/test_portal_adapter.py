"""The portal adapter, against the stand-in's wire and against an unwilling server."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
import respx
from pydantic import JsonValue
from starlette.applications import Starlette

from fakes import FakeIntake, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VirtualClock
from lgsp.errors import EarlyError, InvalidMessageError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp_adapters.portal import PortalAdapter
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

SETTINGS = {"url": "http://portal", "username": "sim", "password": "sim-secret"}
PROCEDURE = "1.000001.000.00.00.H34"
CODE, NATIONAL = "000.00.03.H34-261123-0001", "G22.99.99-261123-0001"
AT = "2026-11-23T08:30:00+07:00"
CALLBACK = "/web/guest/VXPAdapter/RestService/forward/nhanhsdvcqg"


@dataclass
class Stage:
    adapter: PortalAdapter
    clock: VirtualClock
    user: httpx.AsyncClient
    asked: respx.Route

    def look_ups(self) -> int:
        return sum(b"TraCuuHoSo" in call.request.content for call in self.asked.calls)

    async def dossier(self, code: str = CODE) -> dict[str, JsonValue]:
        answer = await self.user.get(f"/__mock__/state/dossiers/{code}")
        assert answer.status_code == 200, answer.text
        found: dict[str, JsonValue] = answer.json()
        return found


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    ports = make_ports("portal")
    assert isinstance(ports.clock, VirtualClock)
    app = create_app(STAND_IN, clock=ports.clock, autopilot=False)
    async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
        asked = routes.route(host="portal").mock(side_effect=respx.ASGIHandler(app))
        adapter = PortalAdapter(SETTINGS, ports)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as user:
            yield Stage(adapter, ports.clock, user, asked)
        await adapter.aclose()


def delivery(kind: str, **data: JsonValue) -> Delivery:
    message = Message.model_validate({
        "id": "m-1", "source": "/systems/igate", "type": f"vn.lgsp.{kind}", "subject": CODE, "time": AT,
        "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "data": data,
    })  # fmt: skip
    return Delivery(message, (), 1, "key-1")


def synchronized(kind: str = "dossier.synchronized", **changes: JsonValue) -> Delivery:
    return delivery(kind, **({
        "code": CODE, "procedure_code": PROCEDURE, "procedure_name": "Thủ tục", "field_code": "G15-TP03", "field_name": "Hộ tịch",
        "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"}, "channel": "1", "state": "2", "unit_id": "000.00.03.H34",
        "unit_name": "Sở Tư pháp", "accepted_at": AT, "due_at": "2026-11-27T08:30:00+07:00",
    } | changes))  # fmt: skip


def progressed(**changes: JsonValue) -> Delivery:
    return delivery("dossier.progressed", **({
        "code": CODE, "sequence": 2, "state": "4", "officer": "Trần B" * 20, "content": "Thẩm định", "at": AT,
    } | changes))  # fmt: skip


async def test_dossier_is_inserted_then_updated(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    assert (await stage.dossier())["TrangThaiHoSo"] == "2"
    ended = synchronized(
        "dossier.resolved",
        state="9",
        finished_at=AT,
        results=[{"name": "Giấy phép", "url": "http://igate/fi/file/1"}],
    )
    await stage.adapter.send(ended)
    found = await stage.dossier()
    assert (found["TrangThaiHoSo"], len(found["ket_qua"])) == ("9", 1)  # type: ignore[arg-type]


async def test_every_call_has_the_documented_headers_and_patience(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    assert len(stage.asked.calls) >= 3
    for call in stage.asked.calls:
        headers = call.request.headers
        assert (headers["Accept"], headers["Content-Type"]) == ("application/json", "application/json")
        assert (headers["Charset"], headers["dstcode"]) == (
            "utf-8", "VN:GOV:000.00.00.G22:vpcpdvcprovider",
        )  # fmt: skip
        assert call.request.extensions["timeout"]["read"] == 60.0


async def test_what_the_portal_took_is_not_looked_up_again_and_told_as_new_where_it_lost_it(
    stage: Stage,
) -> None:
    await stage.adapter.send(synchronized())
    await stage.adapter.send(synchronized("dossier.resolved", state="9", finished_at=AT))
    assert stage.look_ups() == 1
    await stage.user.post("/__mock__/reset")
    await stage.user.post("/__mock__/seed")
    await stage.adapter.send(synchronized())
    assert (await stage.dossier())["TrangThaiHoSo"] == "2"
    assert stage.look_ups() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("0", "0", "0", "999000000001")),
        ({"fees": [{"name": "Lệ phí", "amount": 8000}]}, ("0", "3", "0", "999000000001")),
        ({"documents": [{"name": "a.pdf", "url": "http://igate/fi/file/1"}]}, ("1", "0", "0", "999000000001")),
        ({"national_code": NATIONAL, "channel": "2", "fees": [{"name": "Lệ phí", "amount": 8000}]}, ("0", "", "1", "999000000001")),
    ],
)  # fmt: skip
async def test_digitisation_payment_and_identity_are_told_as_far_as_they_are_known(
    stage: Stage, changes: dict[str, JsonValue], told: tuple[str, ...]
) -> None:
    await stage.adapter.send(synchronized(**changes))
    found = await stage.dossier(str(changes.get("national_code", CODE)))
    names = (
        "HoSoCoThanhPhanSoHoa",
        "DuocThanhToanTrucTuyen",
        "TaiKhoanDuocXacThucVoiVNeID",
        "SoGiayToChuHoSo",
    )
    assert tuple(found[name] for name in names) == told
    assert [one["DuocSoHoa"] for one in found["TaiLieuNop"]] == (["1"] if changes.get("documents") else [])  # type: ignore[union-attr,index,call-overload]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"channel": "1"}, ("0", "2", "0")),
        ({"channel": "3"}, ("1", "2", "0")),
        ({"channel": "2"}, ("0", "2", "0")),
        ({"channel": "2", "national_code": CODE}, ("0", "2", "0")),
        ({"channel": "2", "national_code": NATIONAL}, ("0", "1", "1")),
    ],
)
async def test_by_post_and_born_on_the_portal_are_told_of_those_that_were(
    stage: Stage, changes: dict[str, JsonValue], told: tuple[str, ...]
) -> None:
    await stage.adapter.send(synchronized(**changes))
    found = await stage.dossier(str(changes.get("national_code", CODE)))
    assert (found["HinhThuc"], found["NoiNopHoSo"], found["TaiKhoanDuocXacThucVoiVNeID"]) == told


async def test_report_to_the_portal_tells_the_moment_of_its_own_step(stage: Stage) -> None:
    stopped = synchronized(national_code=NATIONAL, channel="2", state="8", note="Dừng xử lý")
    later = stopped.message.model_copy(
        update={"time": datetime.fromisoformat("2026-11-26T14:05:00+07:00"), "subject": NATIONAL}
    )
    await stage.adapter.send(Delivery(later, (), 1, "key-2"))
    reports = [
        json.loads(call.request.content)
        for call in stage.asked.calls
        if b"DongBoTrangThaiHoSo" in call.request.content
    ]
    assert [one["data"]["NgayXuLy"] for one in reports] == ["20261126140500"]


async def test_refusal_tells_its_own_day(stage: Stage) -> None:
    refused = synchronized(state="3", due_at=None, finished_at="2026-11-25T09:00:00+07:00")
    await stage.adapter.send(refused)
    assert (await stage.dossier())["NgayTuChoi"] == "20261125090000"


async def test_repeated_delivery_changes_nothing(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    before = await stage.dossier()
    await stage.adapter.send(synchronized())
    assert await stage.dossier() == before


async def test_step_is_shown_and_a_long_name_is_cut_to_the_wires_limit(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    await stage.adapter.send(progressed())
    [step] = (await stage.dossier())["tien_do"]  # type: ignore[misc]
    assert (step["TrangThai"], len(step["NguoiXuLy"])) == ("4", 50)


async def test_step_of_a_dossier_that_is_late_already_is_told_too(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    late = progressed(started_at="2026-12-02T09:00:00+07:00", due_at="2026-11-27T08:30:00+07:00")
    await stage.adapter.send(late)
    [step] = (await stage.dossier())["tien_do"]  # type: ignore[misc]
    assert (step["NgayBatDau"], step["NgayKetThucTheoQuyDinh"]) == ("20261202090000", "")


async def test_step_that_comes_before_its_dossier_is_early_and_goes_through_after_it(stage: Stage) -> None:
    with pytest.raises(EarlyError, match="no such dossier"):
        await stage.adapter.send(progressed())
    await stage.adapter.send(synchronized())
    await stage.adapter.send(progressed())
    assert (await stage.dossier())["TrangThaiHoSo"] == "4"


async def test_state_that_another_must_come_before_is_early_and_changes_nothing(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    for early in (progressed(state="10"), synchronized("dossier.resolved", state="10", returned_at=AT)):
        with pytest.raises(EarlyError, match="shows state 2, before 10"):
            await stage.adapter.send(early)
    assert (await stage.dossier())["TrangThaiHoSo"] == "2"
    await stage.adapter.send(progressed(state="9"))
    await stage.adapter.send(progressed(state="10", sequence=3))
    assert (await stage.dossier())["TrangThaiHoSo"] == "10"


async def test_state_that_can_never_follow_is_refused_at_once(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    await stage.adapter.send(progressed(state="7"))
    with pytest.raises(RejectedError, match="hồ sơ đã kết thúc"):
        await stage.adapter.send(progressed(state="9", sequence=3, at="2026-11-23T09:30:00+07:00"))


async def test_portal_that_lost_what_the_citizen_sent_takes_the_whole_dossier(stage: Stage) -> None:
    await stage.adapter.send(synchronized(national_code=NATIONAL))
    assert (await stage.dossier(NATIONAL))["TrangThaiHoSo"] == "2"


async def test_ended_session_is_renewed(stage: Stage) -> None:
    await stage.adapter.send(synchronized())
    await stage.clock.advance(31 * 60)
    await stage.adapter.send(progressed())
    assert (await stage.dossier())["TrangThaiHoSo"] == "4"


async def test_unknown_procedure_is_refused_with_the_portals_words(stage: Stage) -> None:
    with pytest.raises(RejectedError, match=r"9\.999999"):
        await stage.adapter.send(synchronized(procedure_code="9.999999"))


async def test_packet_that_breaks_the_regulation_never_leaves(stage: Stage) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        await stage.adapter.send(synchronized(due_at=None))
    assert any(fault.place.startswith("/data/0") for fault in caught.value.faults)


async def test_kind_without_a_service_is_refused(stage: Stage) -> None:
    with pytest.raises(RejectedError, match=r"document\.issued"):
        await stage.adapter.send(delivery("document.issued"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), TransientError),
        (httpx.Response(200, text="<html>"), TransientError),
        (httpx.Response(200, json={"message": "Thành công"}), TransientError),
        (httpx.Response(404, json={"error_code": 0, "message": "Thành công"}), TransientError),
        (httpx.Response(200, json={"error_code": -1, "message": "sai cấu trúc"}), RejectedError),
    ],
)
async def test_unwilling_server_is_told_apart(answer: httpx.Response, error: type[Exception]) -> None:
    adapter = PortalAdapter(SETTINGS, make_ports("portal"))
    with respx.mock as routes:
        routes.post(path__regex=".*mapi/login").respond(json={"error_code": 0, "session": "s"})
        routes.route(host="portal").mock(return_value=answer)
        with pytest.raises(error):
            await adapter.send(synchronized())
    await adapter.aclose()


async def test_login_that_is_refused_is_no_message_s_fault() -> None:
    adapter = PortalAdapter(SETTINGS, make_ports("portal"))
    with respx.mock as routes:
        routes.route(host="portal").respond(json={"error_code": -1, "message": "sai mật khẩu"})
        with pytest.raises(TransientError, match="sai mật khẩu") as caught:
            await adapter.send(synchronized())
    assert caught.value.system_down
    await adapter.aclose()


def submission(**changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "MaHoSo": NATIONAL, "MaTTHC": PROCEDURE, "NgayNopHoSo": "20261123080000", "ChuHoSo": "Nguyễn A", "MaDonViTiepNhan": "000.00.03.H34",
        "TaiLieuNop": [{"TenTepDinhKem": "don.pdf", "Base64": "JVBERg=="}],
    } | changes  # fmt: skip


async def call_back(intake: FakeIntake, body: object) -> httpx.Response:
    adapter = PortalAdapter(SETTINGS, make_ports("portal"))
    app = Starlette(routes=list(adapter.routes(intake)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://province") as client:
        answer = await client.post(CALLBACK, json=body)
    await adapter.aclose()
    return answer


async def test_submitted_dossier_becomes_a_message_once() -> None:
    intake = FakeIntake()
    for _ in range(2):
        assert (await call_back(intake, submission())).json() == {"error_code": 0, "message": "Thành công"}
    [message] = intake.messages
    SchemaRegistry().check(message)
    assert (message.subject, message.kind) == (NATIONAL, "dossier.submitted")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"MaTTHC": "x"}, "/MaTTHC"),
        ({"NgayNopHoSo": "20260230000000"}, "/NgayNopHoSo"),
        ({"MaHoSo": None}, "/MaHoSo"),
    ],
)
async def test_wrong_packet_is_refused_by_place_and_kept(changes: dict[str, JsonValue], place: str) -> None:
    intake = FakeIntake()
    answer = (await call_back(intake, submission(**changes))).json()
    assert answer["error_code"] == -1
    assert place in answer["message"]
    assert (intake.messages, len(intake.refused)) == ([], 1)


async def test_full_bus_asks_the_portal_to_come_back() -> None:
    intake = FakeIntake()
    intake.full_for = 1
    answer = await call_back(intake, submission())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
