"""Dossiers that ask, on the portal: its stand-in's wire and citizens, and the adapter's translation both ways."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import respx
from pydantic import JsonValue
from starlette.applications import Starlette

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.adapter import Delivery
from lgsp.clock import VirtualClock
from lgsp.errors import EarlyError, InvalidMessageError, RejectedError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp.standards import dvcqg
from lgsp_adapters.portal import PortalAdapter
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

SETTINGS = {"url": "http://portal", "username": "sim", "password": "sim-secret"}
PROCEDURE, PROVINCIAL = "1.000001.000.00.00.H34", "000.00.03.H34-261123-0001"
AT, DUE, NEW_DUE = "2026-11-23T08:30:00+07:00", "2026-11-27T08:30:00+07:00", "2026-11-30T08:30:00+07:00"
FORWARD = "/web/guest/VXPAdapter/RestService/forward/"


@dataclass
class Stage:
    """The portal with its province: the adapter on one side, its call-backs on the other."""

    adapter: PortalAdapter
    intake: FakeIntake
    blobs: MemoryBlobs
    clock: VirtualClock
    user: httpx.AsyncClient

    async def submit(self, abstract: str = "") -> str:
        body = {"procedure": PROCEDURE, "abstract": abstract}
        answer = await self.user.post("/__mock__/act/submit-dossier", json=body)
        return str(answer.json()["national_code"])

    async def act(self, name: str, code: str, **fields: JsonValue) -> httpx.Response:
        return await self.user.post(f"/__mock__/act/{name}", json={"national_code": code, **fields})

    async def tick(self) -> int:
        return int((await self.user.post("/__mock__/tick")).json()["actions"])

    async def dossier(self, code: str) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = (await self.user.get(f"/__mock__/state/dossiers/{code}")).json()
        return found

    async def asked(self, abstract: str = "", state: str = "5") -> str:
        """A dossier that was born here, up to the province's request."""
        code = await self.submit(abstract)
        await self.tick()
        await self.adapter.send(delivery("synchronized", **whole(code, abstract=abstract)))
        await self.adapter.send(step(code, state, "2026-11-23T09:00:00+07:00"))
        await self.adapter.send(request(code, state, abstract))
        return code


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    intake, blobs = FakeIntake(), MemoryBlobs()
    ports = make_ports("portal", blobs=blobs)
    assert isinstance(ports.clock, VirtualClock)
    adapter = PortalAdapter(SETTINGS, ports)
    province = httpx.ASGITransport(Starlette(routes=list(adapter.routes(intake))))
    async with httpx.AsyncClient(transport=province) as outside:
        settings = {"callback_url": "http://province"}
        app = create_app(STAND_IN, clock=ports.clock, settings=settings, autopilot=False, http=outside)
        async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
            routes.route(host="portal").mock(side_effect=respx.ASGIHandler(app))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://portal"
            ) as user:
                yield Stage(adapter, intake, blobs, ports.clock, user)
    await adapter.aclose()


def delivery(kind: str, **data: JsonValue) -> Delivery:
    message = Message.model_validate({
        "id": f"m-{kind}", "source": "/systems/igate", "type": f"vn.lgsp.dossier.{kind}", "subject": str(data["national_code"]),
        "time": AT, "dataschema": f"https://lgsp.vn/schemas/dossier.{kind}/1", "data": data,
    })  # fmt: skip
    SchemaRegistry().check(message)
    return Delivery(message, (), 1, "key-1")


def whole(code: str, state: str = "2", **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "code": PROVINCIAL, "national_code": code, "procedure_code": PROCEDURE, "procedure_name": "Thủ tục", "field_code": "G15-TP03",
        "field_name": "Hộ tịch", "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"}, "channel": "2", "state": state,
        "unit_id": "000.00.03.H34", "unit_name": "Sở Tư pháp", "accepted_at": AT, "due_at": DUE,
    } | changes  # fmt: skip


def pause(state: str = "5", **changes: JsonValue) -> dict[str, JsonValue]:
    fees: JsonValue = [{"name": "Lệ phí", "amount": 20_000, "collected": "2"}] if state == "6" else []
    return {
        "request_id": "1", "state": state, "content": "Bổ sung căn cước", "officer": "Trần B", "requested_at": AT, "due_before": DUE,
        "fees": fees,
    } | changes  # fmt: skip


def request(code: str, state: str, abstract: str = "") -> Delivery:
    kind = "supplement_requested" if state == "5" else "fee_requested"
    one = pause(state)
    dossier: JsonValue = whole(code, state, abstract=abstract, pauses=[one], fees=one["fees"])
    return delivery(
        kind,
        code=PROVINCIAL,
        national_code=code,
        content="Bổ sung căn cước",
        at=AT,
        request_id="1",
        dossier=dossier,
    )


def step(code: str, state: str, at: str) -> Delivery:
    return delivery(
        "progressed", national_code=code, sequence=2, state=state, officer="Trần B", content=f"bước {state}", at=at
    )  # fmt: skip


async def test_request_for_papers_stands_on_the_portal_as_an_open_row(stage: Stage) -> None:
    code = await stage.asked()
    await stage.adapter.send(request(code, "5"))
    found = await stage.dossier(code)
    [row] = found["DanhSachHoSoBoSung"]  # type: ignore[misc]
    assert (row["HoSoBoSungId"], row["NoiDungBoSung"], row["TrangThaiBoSung"], row["NgayHenTraTruoc"]) == (
        "1", "Bổ sung căn cước", False, "20261127083000",
    )  # fmt: skip
    assert found["TrangThaiHoSo"] == "5"
    assert [report["TrangThai"] for report in found["bao_trang_thai"]] == ["2", "5"]  # type: ignore[union-attr,index,call-overload]


async def test_request_for_a_fee_stands_on_the_portal_with_its_amount(stage: Stage) -> None:
    found = await stage.dossier(await stage.asked(state="6"))
    [row] = found["DanhSachHoSoBoSung"]  # type: ignore[misc]
    assert [fee["Gia"] for fee in row["DanhSachLePhiBoSung"]] == ["20000"]
    assert [fee["HinhThucThu"] for fee in found["DanhSachLePhi"]] == ["2"]  # type: ignore[union-attr,index,call-overload]
    assert found["TrangThaiHoSo"] == "6"
    assert [report["TrangThai"] for report in found["bao_trang_thai"]] == ["2"]  # type: ignore[union-attr,index,call-overload]


async def test_end_of_the_pause_closes_the_row_and_moves_the_due_date(stage: Stage) -> None:
    code = await stage.asked()
    ended = pause(answered_at="2026-11-25T08:30:00+07:00", answer="đã nộp", due_after=NEW_DUE)
    await stage.adapter.send(delivery("synchronized", **whole(code, "4", pauses=[ended], due_at=NEW_DUE)))
    # An update that leaves the row out does not lose it.
    await stage.adapter.send(delivery("synchronized", **whole(code, "4", due_at=NEW_DUE)))
    found = await stage.dossier(code)
    [row] = found["DanhSachHoSoBoSung"]  # type: ignore[misc]
    assert (row["TrangThaiBoSung"], row["NgayTiepNhanBoSung"], row["NgayHenTraMoi"]) == (
        True, "20261125083000", "20261130083000",
    )  # fmt: skip
    assert (found["TrangThaiHoSo"], found["NgayHenTra"]) == ("4", "20261130083000")


async def test_request_without_the_whole_dossier_only_reports_the_state(stage: Stage) -> None:
    code = await stage.submit()
    bare: dict[str, JsonValue] = {"national_code": code, "content": "Bổ sung căn cước", "at": AT}
    await stage.adapter.send(delivery("supplement_requested", **bare))
    assert (await stage.dossier(code))["TrangThaiHoSo"] == "5"
    with pytest.raises(RejectedError, match="whole dossier"):
        await stage.adapter.send(delivery("fee_requested", **bare))


async def test_citizen_answers_a_request_for_papers_once_by_the_callback(stage: Stage) -> None:
    code = await stage.asked()
    assert await stage.tick() == 2
    assert await stage.tick() == 0
    message = stage.intake.messages[-1]
    SchemaRegistry().check(message)
    assert (message.kind, message.subject, message.data["request_id"]) == ("dossier.supplemented", code, "1")
    [paper] = message.data["documents"]  # type: ignore[misc]
    assert stage.blobs.contents[paper["attachment"]["blob"]["sha256"]] == "Giấy tờ bổ sung".encode()
    [told] = (await stage.dossier(code))["cong_dan"]  # type: ignore[misc]
    assert (told["loai"], told["chuyen_ve_tinh"]["state"]) == ("supplement", "delivered")


async def test_citizen_pays_what_was_asked_for(stage: Stage) -> None:
    code = await stage.asked(state="6")
    await stage.tick()
    message = stage.intake.messages[-1]
    SchemaRegistry().check(message)
    assert (message.kind, message.subject, message.data["request_id"]) == ("dossier.fee_paid", code, "1")
    assert [fee["amount"] for fee in message.data["fees"]] == [20_000]  # type: ignore[union-attr,index,call-overload]


async def test_person_acts_for_a_citizen_who_leaves_requests_alone(stage: Stage) -> None:
    code = await stage.asked("Cấp lại [không trả lời]")
    assert await stage.tick() == 0
    paper: JsonValue = {"name": "cccd.txt", "content_base64": base64.b64encode(b"CCCD").decode()}
    assert (await stage.act("supplement", code, documents=[paper], content="CCCD đây")).status_code == 201
    await stage.tick()
    data = stage.intake.messages[-1].data
    assert (data["content"], [one["name"] for one in data["documents"]]) == ("CCCD đây", ["cccd.txt"])  # type: ignore[union-attr,index,call-overload]


async def test_withdrawal_is_told_to_the_province_after_the_submission(stage: Stage) -> None:
    code = await stage.submit()
    assert (await stage.act("withdraw", code, content="Nhầm thủ tục")).status_code == 201
    assert await stage.tick() == 2
    assert [message.kind for message in stage.intake.messages] == ["dossier.submitted", "dossier.withdrawn"]
    assert stage.intake.messages[1].data["content"] == "Nhầm thủ tục"
    # Only the province's word moves the dossier.
    assert (await stage.dossier(code))["TrangThaiHoSo"] == "1"
    await stage.adapter.send(delivery("synchronized", **whole(code, "7", due_at=None)))
    assert (await stage.dossier(code))["TrangThaiHoSo"] == "7"


async def test_answer_waits_while_the_submission_itself_is_not_delivered(stage: Stage) -> None:
    code = await stage.submit()
    await stage.act("withdraw", code)
    stage.intake.full_for = 1
    assert await stage.tick() == 1
    assert stage.intake.messages == []
    await stage.clock.advance(2)
    await stage.tick()
    assert [message.kind for message in stage.intake.messages] == ["dossier.submitted", "dossier.withdrawn"]


DOCUMENTED = {
    "MaHoSo", "MaSoThue", "HoTenNguoiNopTien", "SoCMTNguoiNopTien", "DiaChiNguoiNopTien", "XaNguoiNopTien", "HuyenNguoiNopTien",
    "TinhNguoiNopTien", "UrlFileChungTu", "ThongTinThanhToan",
}  # fmt: skip


async def test_payment_proof_says_all_that_is_documented_and_its_receipt_can_be_fetched(stage: Stage) -> None:
    code = await stage.asked(state="6", abstract="[không trả lời]")
    await stage.act("pay", code)
    [row] = (await stage.user.get("/__mock__/state/callbacks")).json().values()
    proof = row["payload"]["Data"]
    assert proof.keys() == DOCUMENTED
    assert [name for name, value in proof.items() if not value] == ["HuyenNguoiNopTien"]
    assert (proof["MaSoThue"], proof["TinhNguoiNopTien"]) == (proof["SoCMTNguoiNopTien"], "tỉnh Kon Tum")
    assert proof["DiaChiNguoiNopTien"] == f"{proof['XaNguoiNopTien']}, {proof['TinhNguoiNopTien']}"
    answer = await stage.user.get(proof["UrlFileChungTu"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert code.encode() in answer.content
    assert proof["ThongTinThanhToan"]["SoTien"].encode() in answer.content


@pytest.mark.parametrize("path", ["G22.99.99-261123-0001/1", "x/1"])
async def test_receipt_of_what_nobody_paid_is_not_found(stage: Stage, path: str) -> None:
    await stage.submit()
    assert (await stage.user.get(f"/chungtu/{path}")).status_code == 404


@pytest.mark.parametrize("name", ["supplement", "pay"])
async def test_answer_to_nothing_is_a_problem_with_the_reason(stage: Stage, name: str) -> None:
    code = await stage.submit()
    refused = await stage.act(name, code)
    assert (refused.status_code, "is open" in refused.json()["title"]) == (409, True)
    assert (await stage.act(name, "G22.99.99-261123-0099")).status_code == 404
    assert (await stage.act(name, code, la=1)).status_code == 422


async def test_withdrawal_of_what_has_ended_is_a_problem_with_the_reason(stage: Stage) -> None:
    code = await stage.submit()
    await stage.adapter.send(delivery("synchronized", **whole(code, "3", due_at=None)))
    refused = await stage.act("withdraw", code)
    assert (refused.status_code, "has ended" in refused.json()["title"]) == (409, True)


async def test_step_that_cannot_follow_yet_is_early_with_the_reason_and_changes_nothing(stage: Stage) -> None:
    code = await stage.submit()
    with pytest.raises(EarlyError, match="only 2, 3, 5, 6, 7 may follow"):
        await stage.adapter.send(step(code, "10", AT))
    found = await stage.dossier(code)
    assert (found["TrangThaiHoSo"], found["tien_do"]) == ("1", [])


async def test_step_that_can_never_follow_is_refused_with_the_reason(stage: Stage) -> None:
    code = await stage.submit()
    await stage.adapter.send(step(code, "3", AT))
    with pytest.raises(RejectedError, match="the dossier has ended") as caught:
        await stage.adapter.send(step(code, "2", "2026-11-23T09:00:00+07:00"))
    assert caught.value.wire_code == "-1"
    assert (await stage.dossier(code))["TrangThaiHoSo"] == "3"


async def test_older_step_is_noted_and_a_replayed_dossier_does_not_turn_it_back(stage: Stage) -> None:
    code = await stage.submit()
    await stage.adapter.send(delivery("synchronized", **whole(code)))
    for state, at in (("4", "10"), ("9", "11"), ("5", "09")):
        await stage.adapter.send(step(code, state, f"2026-11-23T{at}:00:00+07:00"))
    await stage.adapter.send(delivery("synchronized", **whole(code, note="cũ")))
    found = await stage.dossier(code)
    assert (found["TrangThaiHoSo"], len(found["tien_do"]), found["GhiChu"]) == ("9", 3, "")  # type: ignore[arg-type]


async def test_dossier_in_a_state_that_cannot_follow_yet_is_early(stage: Stage) -> None:
    code = await stage.submit()
    with pytest.raises(EarlyError, match="cannot become 9"):
        await stage.adapter.send(delivery("resolved", **whole(code, "9")))
    assert (await stage.dossier(code))["TrangThaiHoSo"] == "1"


# --- the province's side of the call-backs


def sample(name: str) -> dict[str, JsonValue]:
    path = Path(dvcqg.__file__).parent / "samples" / f"{name}.json"
    found: dict[str, JsonValue] = json.loads(path.read_text(encoding="utf-8"))["packet"]
    return found


async def call_back(intake: FakeIntake, name: str, body: object) -> dict[str, JsonValue]:
    adapter = PortalAdapter(SETTINGS, make_ports("portal"))
    app = Starlette(routes=list(adapter.routes(intake)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://province") as client:
        answer: dict[str, JsonValue] = (await client.post(FORWARD + name, json=body)).json()
    await adapter.aclose()
    return answer


@pytest.mark.parametrize(
    ("service", "name", "kind"),
    [
        ("nhanhsdvcqg", "nhanhsdvcqg-supplement", "dossier.supplemented"),
        ("nhanhsdvcqg", "nhanhsdvcqg-withdrawal", "dossier.withdrawn"),
        ("nhantbthuedvcqg", "nhantbthuedvcqg", "dossier.fee_paid"),
    ],
)
async def test_sample_becomes_one_message_however_often_it_is_sent(
    service: str, name: str, kind: str
) -> None:
    intake = FakeIntake()
    for _ in range(2):
        assert (await call_back(intake, service, sample(name)))["error_code"] == 0
    [message] = intake.messages
    SchemaRegistry().check(message)
    assert (message.kind, message.subject) == (kind, "G22.99.99-251124-0001")


async def test_payment_that_failed_is_no_payment() -> None:
    intake, packet = FakeIntake(), sample("nhantbthuedvcqg")
    packet["Data"]["ThongTinThanhToan"]["TrangThaiThanhToan"] = "0"  # type: ignore[index,call-overload]
    answer = await call_back(intake, "nhantbthuedvcqg", packet)
    assert (answer["error_code"], "chưa thanh toán" in str(answer["message"])) == (-1, True)
    assert (intake.messages, len(intake.refused)) == ([], 1)


@pytest.mark.parametrize(
    ("service", "body", "place"),
    [
        ("nhantbthuedvcqg", {"Data": {"FileThongBaoThue": ""}}, "/Data/MaHoSo"),
        ("nhantbthuedvcqg", {}, "/Data"),
        ("nhanhsdvcqg", {"service": "x", "isUpdating": "True", "data": {"MaHoSoQG": "x"}}, "/data/MaHoSoQG"),
        ("nhanhsdvcqg", {"service": "x", "isUpdating": "True", "data": []}, "/data"),
    ],
)
async def test_unreadable_answer_is_refused_by_place_and_kept(
    service: str, body: JsonValue, place: str
) -> None:
    intake = FakeIntake()
    answer = await call_back(intake, service, body)
    assert answer["error_code"] == -1
    assert place in str(answer["message"])
    [(_, error, _)] = intake.refused
    assert isinstance(error, InvalidMessageError)
