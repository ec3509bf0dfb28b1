import base64
import copy
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import dvcqg
from lgsp.standards.identifiers import check_dossier_code
from lgsp_mocks.kit.app import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

SAMPLES = Path(dvcqg.__file__).parent / "samples"
START = datetime(2025, 11, 24, 8, 0, tzinfo=VIETNAM)
FORWARD = "/VXPAdapter/RestService/forward"
PROCEDURE = "1.000001.000.00.00.H34"
LOGIN = {"username": "sim", "password": "sim-secret"}


class Province:
    """A fake province: answers nhanhsdvcqg as told, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response | Exception] = []
        self.got: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        answer = (
            self.answers.pop(0)
            if self.answers
            else httpx.Response(200, json={"error_code": 0, "message": ""})
        )
        if isinstance(answer, Exception):
            raise answer
        return answer


class Portal:
    """A client of the stand-in, with its clock and its province."""

    def __init__(self, client: httpx.AsyncClient, clock: VirtualClock, province: Province) -> None:
        self.client = client
        self.clock = clock
        self.province = province
        self.session = ""

    async def log_in(self) -> str:
        answer = (await self.client.post("/mapi/login", json=LOGIN)).json()
        self.session = answer["session"]
        return self.session

    async def call(self, service: str, **fields: object) -> dict:
        body = {"session": self.session, "madonvi": "000.00.00.H34", "service": service} | fields
        response = await self.client.post("/mapi/g", json=body)
        assert response.status_code == 200
        return response.json()

    async def synchronize(self, *dossiers: dict, updating: str = "False") -> dict:
        return await self.call("DongBoHoSoMC", isUpdating=updating, data=list(dossiers))

    async def submit(self, **fields: object) -> httpx.Response:
        return await self.client.post("/__mock__/act/submit-dossier", json={"procedure": PROCEDURE} | fields)

    async def view(self, code: str) -> dict:
        return (await self.client.get(f"/__mock__/act/dossiers/{code}")).json()

    async def tick(self) -> int:
        return (await self.client.post("/__mock__/tick")).json()["actions"]

    async def count(self) -> int:
        tables = (await self.client.get("/__mock__/state")).json()["tables"]
        return len(tables.get("dossiers", {}))


@asynccontextmanager
async def running(province: Province | None = None, data_dir: Path | None = None) -> AsyncIterator[Portal]:
    clock = VirtualClock(START)
    province = province or Province()
    async with httpx.AsyncClient(transport=httpx.MockTransport(province)) as outside:
        settings = {"callback_url": "http://province/in/portal"}
        app = create_app(
            STAND_IN, data_dir=data_dir, clock=clock, settings=settings, autopilot=False, http=outside
        )
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://portal") as client,
        ):
            portal = Portal(client, clock, province)
            await portal.log_in()
            yield portal


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    async with running() as started:
        yield started


def packet(name: str) -> dict:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["packet"]


def dossier(number: int = 7, **fields: object) -> dict:
    made = copy.deepcopy(packet("DongBoHoSoMC")["data"][0])
    return made | {"MaHoSo": f"000.00.03.H34-251124-{number:04}", "TrangThaiHoSo": "2"} | fields


def step(number: int = 7, **fields: object) -> dict:
    made = copy.deepcopy(packet("CapNhatTienDoHoSoMC")["data"][0])
    return made | {"MaHoSo": f"000.00.03.H34-251124-{number:04}"} | fields


# --- sessions


async def test_login_gives_a_session_and_the_number_zero(portal):
    answer = (await portal.client.post(f"{FORWARD}/mapi/login", json=LOGIN)).json()
    assert answer["error_code"] == 0
    assert not isinstance(answer["error_code"], str)
    assert dvcqg.LoginAnswer.model_validate(answer).session


@pytest.mark.parametrize(
    "body",
    [
        LOGIN | {"password": "sai"},
        LOGIN | {"username": "ai"},
        {"username": "sim"},
        [],
        LOGIN | {"password": 5},
    ],
)
async def test_wrong_login_is_refused_with_http_200_and_without_a_session(portal, body):
    response = await portal.client.post("/mapi/login", json=body)
    assert response.status_code == 200
    assert response.json()["error_code"] == -1
    assert "session" not in response.json()


async def test_session_ends_half_an_hour_after_the_login(portal):
    await portal.clock.advance(30 * 60 - 1)
    assert (await portal.call("LayDanhSachTTHC"))["error_code"] == 0
    await portal.clock.advance(1)
    late = await portal.call("LayDanhSachTTHC")
    assert late["error_code"] == -1
    assert "session không hợp lệ" in late["message"]
    await portal.log_in()
    assert (await portal.call("LayDanhSachTTHC"))["error_code"] == 0


@pytest.mark.parametrize("session", ["", "không-có", None, 5, ["x"]])
async def test_unknown_session_is_refused(portal, session):
    answer = await portal.call("LayDanhSachTTHC", session=session)
    assert answer["error_code"] == -1
    assert "session không hợp lệ" in answer["message"]


# --- transport


@pytest.mark.parametrize("prefix", ["", FORWARD, "/XrdAdapter/RestService/forward"])
@pytest.mark.parametrize("path", ["/mapi/g", "/mapi/share/deep"])
async def test_any_path_below_mapi_is_served(portal, prefix, path):
    body = packet("LayDanhSachTTHC") | {"session": portal.session}
    assert (await portal.client.post(prefix + path, json=body)).json()["error_code"] == 0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("VN:GOV:000.00.00.G22:vpcpdvcprovider", 0),
        ("VN:COM:0101234567:nha-cung-cap", 0),
        ("VN:GOV:0101234567:vpcpdvcprovider", -1),
        ("G22", -1),
        ("VN:ORG:000.00.00.G22:x", -1),
        ("", -1),
    ],
)
async def test_dstcode_in_header_or_query_must_be_of_the_grammar(portal, code, error):
    body = packet("LayDVC") | {"session": portal.session}
    by_header = await portal.client.post("/mapi/g", json=body, headers={"dstcode": code})
    by_query = await portal.client.post("/mapi/g", json=body, params={"dstcode": code})
    assert (by_header.json()["error_code"], by_query.json()["error_code"]) == (error, error)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"service":"\\ud800"}', b'{"a":NaN}', b"[" * 100_000]
)
async def test_unreadable_body_is_an_error_of_the_wire(portal, raw):
    response = await portal.client.post("/mapi/g", content=raw)
    assert response.status_code == 200
    assert response.json()["error_code"] == -1


async def test_unregistered_unit_is_refused_by_name(portal):
    answer = await portal.call("LayDanhSachTTHC", madonvi="000.00.99.H99")
    assert answer["error_code"] == -1
    assert "000.00.99.H99" in answer["message"]


async def test_service_that_does_not_exist_is_refused_by_name(portal):
    answer = await portal.call("LayDanhMucTTHC")
    assert answer["error_code"] == -1
    assert "LayDanhMucTTHC" in answer["message"]


# --- dossiers


async def test_dossier_is_found_after_it_was_synchronized(portal):
    assert (await portal.call("TraCuuHoSo", mahoso=dossier()["MaHoSo"]))["result"] == []
    assert (await portal.synchronize(dossier()))["error_code"] == 0
    [row] = (await portal.call("TraCuuHoSo", mahoso=dossier()["MaHoSo"]))["result"]
    assert row == {"MaHoSo": dossier()["MaHoSo"], "MaTTHC": PROCEDURE, "TrangThaiHoSo": "2"}


async def test_new_dossier_that_is_there_already_is_code_3_and_changes_nothing(portal):
    await portal.synchronize(dossier())
    answer = await portal.synchronize(dossier(GhiChu="khác"))
    assert answer["error_code"] == 3
    assert "đã tồn tại" in answer["message"]
    assert (await portal.view(dossier()["MaHoSo"]))["GhiChu"] == ""


async def test_update_of_a_missing_dossier_is_code_minus_3(portal):
    answer = await portal.synchronize(dossier(), updating="True")
    assert answer["error_code"] == -3
    assert await portal.count() == 0


async def test_update_replaces_the_fields_and_keeps_the_steps(portal):
    await portal.synchronize(dossier())
    await portal.call("CapNhatTienDoHoSoMC", data=[step()])
    await portal.synchronize(dossier(TrangThaiHoSo="9", GhiChu="xong"), updating="True")
    seen = await portal.view(dossier()["MaHoSo"])
    assert (seen["TrangThaiHoSo"], seen["GhiChu"], len(seen["tien_do"])) == ("9", "xong", 1)
    assert seen["ket_qua"] == dossier()["DanhSachGiayToKetQua"]


async def test_unknown_procedure_is_refused_by_its_code(portal):
    answer = await portal.synchronize(dossier(MaTTHC="9.999999"))
    assert answer["error_code"] == -1
    assert "9.999999" in answer["message"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"NgayTiepNhan": "20250230000000"}, -1),
        ({"MaTTHC": "9.999999"}, -1),
        ({"MaHoSo": "000.00.03.H34-251124-0001"}, 3),
    ],
)
async def test_batch_with_one_bad_item_is_refused_whole(portal, bad, code):
    answer = await portal.synchronize(dossier(1), dossier(2), dossier(3) | bad)
    assert answer["error_code"] == code
    assert await portal.count() == 0


async def test_bad_packet_is_answered_with_every_pointer(portal):
    answer = await portal.synchronize(dossier(1, HinhThuc="7"), dossier(2, NgayTra="hôm qua"), updating="Có")
    assert answer["error_code"] == -1
    for pointer in ("/isUpdating", "/data/0/HinhThuc", "/data/1/NgayTra"):
        assert f"{pointer}:" in answer["message"]


async def test_step_moves_the_dossier_and_its_repeat_does_not(portal):
    await portal.synchronize(dossier())
    first = step(TrangThai="4")
    second = step(TrangThai="9", ThoiDiemXuLy="20251125081500")
    for data in ([first], [second], [first, second]):
        assert (await portal.call("CapNhatTienDoHoSoMC", data=data))["error_code"] == 0
    seen = await portal.view(dossier()["MaHoSo"])
    assert seen["TrangThaiHoSo"] == "9"
    assert [row["TrangThai"] for row in seen["tien_do"]] == ["4", "9"]


async def test_late_step_is_kept_but_does_not_reopen_a_returned_dossier(portal):
    await portal.synchronize(dossier(TrangThaiHoSo="10"))
    await portal.call("CapNhatTienDoHoSoMC", data=[step(TrangThai="4")])
    seen = await portal.view(dossier()["MaHoSo"])
    assert (seen["TrangThaiHoSo"], len(seen["tien_do"])) == ("10", 1)


async def test_steps_are_refused_whole_where_one_dossier_is_unknown(portal):
    await portal.synchronize(dossier(1))
    answer = await portal.call("CapNhatTienDoHoSoMC", data=[step(1, TrangThai="4"), step(2)])
    assert answer["error_code"] == -3
    seen = await portal.view(dossier(1)["MaHoSo"])
    assert (seen["TrangThaiHoSo"], seen["tien_do"]) == ("2", [])


# --- catalogues


@pytest.mark.parametrize("service", ["LayDanhSachTTHC", "LayDanhMucCoQuan", "LayDanhMucLinhVuc", "LayDVC"])
async def test_catalogue_is_of_the_published_shape(portal, service):
    answer = await portal.call(service)
    assert dvcqg.read_items(service, answer["result"])


async def test_every_listed_procedure_can_be_read_in_full(portal):
    listed = (await portal.call("LayDanhSachTTHC"))["result"]
    assert len(listed) == 1624
    for row in listed[::50]:
        [record] = dvcqg.read_items(
            "LayThuTuc", (await portal.call("LayThuTuc", maTTHC=row["MATTHC"]))["result"]
        )
        assert (row["MATTHC"], row["TENTTHC"]) == (record.MATTHC, record.TENTTHC)


async def test_procedure_that_nobody_published_is_an_error_naming_it(portal):
    answer = await portal.call("LayThuTuc", maTTHC="9.999999")
    assert answer["error_code"] == -3
    assert "9.999999" in answer["message"]


async def test_technical_id_is_the_same_at_each_look_up_and_none_for_a_stranger(portal):
    ask = {"provider": "wso2is", "mstorcmnd": "999000000001"}
    first = await portal.call("TraCuuTechID", **ask)
    assert dvcqg.read_items("TraCuuTechID", first["result"])
    assert first == await portal.call("TraCuuTechID", **ask)
    assert (await portal.call("TraCuuTechID", **ask | {"mstorcmnd": "001000000001"}))["result"] == []


# --- citizens


async def test_submitted_dossier_reaches_the_province_with_its_files(portal):
    content = "Tờ khai".encode()
    papers = [{"name": "to-khai.txt", "content_base64": base64.b64encode(content).decode()}]
    code = (await portal.submit(citizen="999000000003", documents=papers)).json()["national_code"]
    assert check_dossier_code(code) == "G22.99.99-251124-0001"
    assert await portal.tick() == 1
    [request] = portal.province.got
    assert str(request.url) == f"http://province/in/portal/web/guest{FORWARD}/nhanhsdvcqg"
    payload = json.loads(request.content)
    assert dvcqg.check(payload) == []
    assert (payload["MaHoSo"], payload["MaTTHC"], payload["MaDonViTiepNhan"]) == (
        code,
        PROCEDURE,
        "000.00.03.H34",
    )
    assert payload["DinhDanhCHS"] == [{"LoaiDinhDanh": "1", "SoDinhDanh": "999000000003"}]
    assert base64.b64decode(payload["TaiLieuNop"][0]["Base64"]) == content
    seen = await portal.view(code)
    assert (seen["TrangThaiHoSo"], seen["TenTrangThai"]) == ("1", "Mới đăng ký")
    assert seen["TaiLieuNop"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert seen["chuyen_ve_tinh"]["state"] == "delivered"
    assert await portal.tick() == 0


async def test_callback_is_repeated_with_growing_pauses_until_the_province_takes_it(portal):
    portal.province.answers = [
        httpx.ConnectError("down"),
        httpx.Response(503),
        httpx.Response(200, text="<html>"),
    ]
    code = (await portal.submit()).json()["national_code"]
    for pause in (1, 2, 4):
        assert await portal.tick() == 1
        assert (await portal.view(code))["chuyen_ve_tinh"]["state"] == "waiting"
        await portal.clock.advance(pause - 0.5)
        assert await portal.tick() == 0
        await portal.clock.advance(0.5)
    assert await portal.tick() == 1
    assert (await portal.view(code))["chuyen_ve_tinh"] == {"state": "delivered", "tries": 4, "message": ""}


@pytest.mark.parametrize("error_code", [1, -1, 99])
async def test_callback_that_the_province_refuses_is_recorded_and_not_repeated(portal, error_code):
    portal.province.answers = [httpx.Response(200, json={"error_code": error_code, "message": "sai thủ tục"})]
    code = (await portal.submit()).json()["national_code"]
    await portal.tick()
    outcome = (await portal.view(code))["chuyen_ve_tinh"]
    assert outcome == {"state": "refused", "tries": 1, "message": "sai thủ tục"}
    await portal.clock.advance(3600)
    assert await portal.tick() == 0


async def test_national_numbers_count_from_one_on_each_day(portal):
    codes = [(await portal.submit()).json()["national_code"] for _ in range(2)]
    await portal.clock.advance(24 * 3600)
    codes.append((await portal.submit()).json()["national_code"])
    assert codes == ["G22.99.99-251124-0001", "G22.99.99-251124-0002", "G22.99.99-251125-0001"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"procedure": "9.999999"}, "/procedure"),
        ({"citizen": "999999999999"}, "/citizen"),
        ({"citizen": "abc"}, "/citizen"),
        ({"unit": "000.00.00.G22"}, "/unit"),
        ({"documents": [{"name": "a", "content_base64": "*"}]}, "/documents/0/content_base64"),
        ({"documents": [{"name": " ", "content_base64": ""}]}, "/documents/0/name"),
        ({"la": 1}, "/la"),
    ],
)
async def test_bad_submission_is_a_problem_naming_the_field_and_leaves_nothing(portal, fields, pointer):
    response = await portal.submit(**fields)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert await portal.count() == 0


async def test_dossier_that_nobody_knows_is_not_found(portal):
    response = await portal.client.get("/__mock__/act/dossiers/G22.99.99-251124-0009")
    assert response.status_code == 404


async def test_synchronizing_a_portal_born_dossier_keeps_what_the_citizen_typed(portal):
    code = (await portal.submit(abstract="Xin cấp lại")).json()["national_code"]
    answer = await portal.synchronize(dossier(MaHoSo=code, TrangThaiHoSo="2"), updating="True")
    assert answer["error_code"] == 0
    seen = await portal.view(code)
    assert (seen["nguon"], seen["TrangThaiHoSo"], seen["MaDonViTiepNhan"]) == ("portal", "2", "000.00.03.H34")


async def test_state_report_takes_a_portal_born_dossier_in_and_never_back(portal):
    code = (await portal.submit()).json()["national_code"]
    report = packet("DongBoTrangThaiHoSo")["data"] | {"MaHoSo": code}
    assert (await portal.call("DongBoTrangThaiHoSo", type="2", data=report))["error_code"] == 0
    assert (await portal.view(code))["TrangThaiHoSo"] == "2"
    await portal.call("CapNhatTienDoHoSoMC", data=[step(MaHoSo=code, TrangThai="9")])
    await portal.call("DongBoTrangThaiHoSo", type="2", data=report | {"NgayXuLy": "20251126080000"})
    seen = await portal.view(code)
    assert (seen["TrangThaiHoSo"], seen["MaHoSoDonVi"]) == ("9", report["MaHoSoDonVi"])


async def test_state_report_on_a_dossier_of_the_province_is_refused(portal):
    await portal.synchronize(dossier())
    report = packet("DongBoTrangThaiHoSo")["data"] | {"MaHoSo": dossier()["MaHoSo"]}
    assert (await portal.call("DongBoTrangThaiHoSo", type="2", data=report))["error_code"] == -3


# --- state


async def test_dossiers_sessions_and_waiting_callbacks_survive_a_restart(tmp_path):
    async with running(data_dir=tmp_path) as before:
        await before.synchronize(dossier())
        code = (await before.submit()).json()["national_code"]
        session = before.session
    province = Province()
    async with running(province, data_dir=tmp_path) as after:
        after.session = session
        assert (await after.synchronize(dossier()))["error_code"] == 3
        assert await after.tick() == 1
        assert json.loads(province.got[0].content)["MaHoSo"] == code
        assert (await after.submit()).json()["national_code"].endswith("-0002")


async def test_reset_during_a_post_leaves_nothing_behind():
    class Slow(Province):
        portal: Portal

        async def __call__(self, request: httpx.Request) -> httpx.Response:
            await self.portal.client.post("/__mock__/reset")
            return super().__call__(request)

    slow = Slow()

    async with running(slow) as portal:
        slow.portal = portal
        await portal.submit()
        await portal.tick()
        assert len(slow.got) == 1
        assert await portal.count() == 0


async def test_reset_and_seed_bring_the_demo_account_back(portal):
    await portal.synchronize(dossier())
    await portal.client.post("/__mock__/reset")
    await portal.client.post("/__mock__/seed")
    assert await portal.count() == 0
    await portal.log_in()
    assert (await portal.synchronize(dossier()))["error_code"] == 0


async def test_differences_are_told_with_source_and_confidence(portal):
    told = (await portal.client.get("/__mock__/differences")).json()
    assert len(told) >= 5
    assert all(row["source"] and row["confidence"] in {"recorded", "public code", "assumed"} for row in told)
