"""What the portal newly sends, over its stand-in and the adapter: promotions, tax notices, look-ups and downloads."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fakes import FakeIntake, MemoryBlobs, make_ports
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp.standards import dvcqg
from lgsp_adapters.portal import PortalAdapter
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

PROCEDURE = "1.000001.000.00.00.H34"
FORWARD = "/web/guest/XrdAdapter/RestService/forward/"
Packet = dict[str, Any]


@dataclass
class Stage:
    intake: FakeIntake
    blobs: MemoryBlobs
    user: httpx.AsyncClient
    province: httpx.AsyncClient
    told: list[Message]
    """What flowed over the bus, besides what came in here."""

    async def act(self, name: str, **fields: object) -> httpx.Response:
        return await self.user.post(f"/__mock__/act/{name}", json=fields)

    async def promote(self, **fields: object) -> str:
        answer = await self.act("submit-promotion", procedure=PROCEDURE, **fields)
        await self.user.post("/__mock__/tick")
        return str(answer.json()["national_code"])

    async def look_up(self, code: str) -> Packet:
        found: Packet = (await self.act("look-up", code=code)).json()
        return found

    async def dossier(self, code: str) -> Packet:
        found: Packet = (await self.user.get(f"/__mock__/state/dossiers/{code}")).json()
        return found


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    intake, blobs = FakeIntake(), MemoryBlobs()
    told: list[Message] = []

    async def about(_: str) -> list[Message]:
        return [*intake.messages, *told]

    ports = replace(make_ports("portal", blobs=blobs), about=about)
    adapter = PortalAdapter({"url": "http://portal", "password": "sim-secret"}, ports)
    inside = httpx.ASGITransport(Starlette(routes=list(adapter.routes(intake))))
    async with httpx.AsyncClient(transport=inside, base_url="http://province") as province:
        settings = {"callback_url": "http://province"}
        app = create_app(STAND_IN, clock=ports.clock, settings=settings, autopilot=False, http=province)
        outside = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=outside, base_url="http://portal") as user,
        ):
            yield Stage(intake, blobs, user, province, told)
    await adapter.aclose()


async def test_promotion_arrives_as_an_enterprises_dossier_with_its_form_and_papers(stage: Stage) -> None:
    paper = {"name": "the-le.txt", "content_base64": base64.b64encode(b"the le").decode()}
    code = await stage.promote(enterprise="Công ty A", documents=[paper])
    [message] = stage.intake.messages
    SchemaRegistry().check(message)
    data: Any = message.data
    assert (message.kind, data["applicant"]["name"], data["applicant"]["kind"]) == (
        "dossier.submitted", "Công ty A", "2",
    )  # fmt: skip
    assert data["applicant"]["address"] == "Số 1, đường Mô Phỏng"
    assert [one["name"] for one in data["documents"]] == ["don-dang-ky", "the-le.txt"]
    assert (await stage.dossier(code))["chuyen_ve_tinh"]["state"] == "delivered"


async def test_promotion_without_its_own_fields_is_refused_by_place(stage: Stage) -> None:
    packet = {"MaHoSo": "G22.99.99-251124-0002", "MaTTHC": PROCEDURE, "NgayNopHoSo": "20251124080000"}
    answer = (await stage.province.post(f"{FORWARD}addtthcKhuyenMai", json=packet)).json()
    for name in ("SoVanBan", "TenThuongNhan", "MaSoThue", "NguoiLienHe", "TepDonDangKy"):
        assert f"/{name}:" in answer["message"]
    assert (await stage.province.post(f"{FORWARD}nhanhsdvcqg", json=packet | {"ChuHoSo": "A"})).json()[
        "error_code"
    ] == 0


@pytest.mark.parametrize(
    "fields", [{"procedure": "9.999999"}, {"procedure": PROCEDURE, "unit": "000.00.00.G22"}, {"procedure": 1}]
)
async def test_promotion_that_nobody_answers_for_is_a_problem(stage: Stage, fields: Packet) -> None:
    answer = await stage.act("submit-promotion", **fields)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_tax_notice_stands_open_at_the_province_until_its_payment_arrives(stage: Stage) -> None:
    code = await stage.promote()
    await stage.act("send-tax-notice", national_code=code, amount=1_500_000)
    await stage.user.post("/__mock__/tick")
    [dossier] = (await stage.look_up(code))["result"]
    [notice] = dossier["DanhSachThongBaoThue"]
    assert (notice["SO_TIEN"], notice["MA_SO_THUE"]) == ("1500000", "0100000001")
    payment = {
        "ThoiGianThanhToan": "20251124090000", "TrangThaiThanhToan": "1", "SoTien": "1500000", "MaThongBaoThue": notice["SO_QUYET_DINH"],
    }  # fmt: skip
    proof = {"Data": {"MaHoSo": code, "ThongTinThanhToan": payment}}
    assert (await stage.province.post(f"{FORWARD}nhantbthuedvcqg", json=proof)).json()["error_code"] == 0
    [dossier] = (await stage.look_up(code))["result"]
    assert dossier["DanhSachThongBaoThue"] == []
    assert [message.kind for message in stage.intake.messages] == ["dossier.submitted", "dossier.fee_paid"]


async def test_tax_notice_that_comes_twice_is_listed_once(stage: Stage) -> None:
    code = await stage.promote()
    await stage.act("send-tax-notice", national_code=code, amount=5)
    [row] = (await stage.user.get("/__mock__/state/callbacks")).json().values()
    for _ in range(2):
        await stage.province.post(f"{FORWARD}nhantbthuedvcqg", json=row["payload"])
    [dossier] = (await stage.look_up(code))["result"]
    assert len(dossier["DanhSachThongBaoThue"]) == 1


TAX = "<DATA><BODY><ROW_LIST><MA_HSO>{code}</MA_HSO><LIST>{line}</LIST></ROW_LIST></BODY></DATA>"
LINE = (
    "<MA_SO_THUE>0100000001</MA_SO_THUE><SO_QUYET_DINH>1</SO_QUYET_DINH><NGAY_QUYET_DINH>24-11-2025</NGAY_QUYET_DINH>"
    "<TEN_TIEUMUC>Phí</TEN_TIEUMUC><SO_TIEN>5</SO_TIEN>"
)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (TAX.format(code="x", line=LINE), "MA_HSO"),
        (
            TAX.format(code="G22.99.99-251124-0001", line=LINE.replace("24-11-2025", "31-02-2025")),
            "NGAY_QUYET_DINH",
        ),
        (TAX.format(code="G22.99.99-251124-0001", line=LINE.replace(">5<", ">-5<")), "LIST/0/SO_TIEN"),
        (TAX.format(code="G22.99.99-251124-0001", line=""), "LIST/0/MA_SO_THUE"),
        ("<DATA><BODY/></DATA>", "ROW_LIST"),
        ("<KHAC/>", "/DATA"),
        ("<!DOCTYPE a><DATA/>", "DTD"),
        ("không phải", "/"),
    ],
)
async def test_wrong_tax_file_is_refused_by_place_and_kept(stage: Stage, file: str, place: str) -> None:
    packet = {"Data": {"FileThongBaoThue": base64.b64encode(file.encode()).decode()}}
    answer = (await stage.province.post(f"{FORWARD}nhantbthuedvcqg", json=packet)).json()
    assert (answer["error_code"], place in answer["message"]) == (-1, True), answer
    assert len(stage.intake.refused) == 1


async def test_paper_that_the_look_up_names_can_be_downloaded_and_nothing_else(stage: Stage) -> None:
    code = await stage.promote()
    [dossier] = (await stage.look_up(code))["result"]
    [paper] = dossier["TaiLieuNop"]
    content = "Đơn đăng ký thực hiện khuyến mại".encode()
    got = (await stage.act("download-file", path=paper["DuongDanTaiTepTin"])).json()
    assert (got["sha256"], got["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    hidden = await stage.blobs.put(b"nobody's paper")
    for name in (hidden.sha256, "0" * 64, "x"):
        answer = await stage.act("download-file", path=f"/web/guest/downloadfile/{name}")
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["http://else.vn/x", "/web/guest/downloadfile/../search", "/web/guest/downloadfile/a/b", "/x", ""]
)
async def test_download_of_anything_but_the_provinces_papers_is_a_problem(stage: Stage, path: str) -> None:
    assert (await stage.act("download-file", path=path)).status_code == 422


async def test_dossier_that_the_province_never_got_is_code_1(stage: Stage) -> None:
    found = await stage.look_up("G22.99.99-251124-0009")
    assert (found["error_code"], found["result"]) == (1, [])


AT, CODE = "2025-11-24T08:30:00+07:00", "000.00.03.H34-251124-0001"


def told(kind: str, **data: object) -> Message:
    message = Message.model_validate({
        "id": f"m-{kind}", "source": "/systems/igate", "type": f"vn.lgsp.dossier.{kind}", "subject": CODE, "time": AT,
        "dataschema": f"https://lgsp.vn/schemas/dossier.{kind}/1", "data": {"code": CODE, **data},
    })  # fmt: skip
    SchemaRegistry().check(message)
    return message


def whole(**changes: object) -> Packet:
    return {
        "procedure_code": PROCEDURE, "procedure_name": "Thủ tục", "field_code": "G15-TP03", "field_name": "Hộ tịch",
        "applicant": {"name": "Nguyễn A", "email": "a@example.vn", "telephone": "0999"}, "channel": "1", "state": "2",
        "unit_id": "000.00.03.H34", "unit_name": "Sở Tư pháp", "accepted_at": AT, "due_at": "2025-11-28T08:30:00+07:00",
    } | changes  # fmt: skip


async def test_dossier_of_a_counter_is_found_with_the_state_that_was_told_last(stage: Stage) -> None:
    stage.told += [told("synchronized", **whole())]
    [dossier] = (await stage.look_up(CODE))["result"]
    assert dossier == {
        "MaHoSo": CODE, "MaTTHC": PROCEDURE, "TenTTHC": "Thủ tục", "ChuHoSo": "Nguyễn A", "TrichYeuHoSo": "Dinhkem",
        "DonViXuLy": "Sở Tư pháp", "NgayTiepNhan": "20251124083000", "NgayHenTra": "20251128083000", "NgayKetThucXuLy": "",
        "NgayTra": "", "TrangThaiHoSo": "2", "DanhSachThongBaoThue": [],
    }  # fmt: skip
    step = {"sequence": 1, "state": "4", "officer": "Trần B", "content": "Thẩm định", "at": AT}
    stage.told += [told("progressed", **step)]
    [dossier] = (await stage.look_up(CODE))["result"]
    assert (dossier["TrangThaiHoSo"], dossier["TenTTHC"]) == ("4", "Thủ tục")
    pause = {"content": "Bổ sung", "at": AT, "request_id": "1", "dossier": {"code": CODE, **whole(state="5")}}
    stage.told += [told("supplement_requested", **pause)]
    [dossier] = (await stage.look_up(CODE))["result"]
    assert dossier["TrangThaiHoSo"] == "5"


async def test_dossier_that_came_from_the_portal_is_found_by_either_number(stage: Stage) -> None:
    national = await stage.promote(enterprise="Công ty A")
    [dossier] = (await stage.look_up(national))["result"]
    assert (dossier["TrangThaiHoSo"], len(dossier["TaiLieuNop"])) == ("1", 1)
    stage.told += [told("synchronized", national_code=national, **whole(state="4"))]
    for number in (national, CODE):
        [dossier] = (await stage.look_up(number))["result"]
        assert (dossier["MaHoSo"], dossier["TrangThaiHoSo"]) == (number, "4")


async def test_what_flowed_about_another_dossier_says_nothing(stage: Stage) -> None:
    stage.told += [told("synchronized", **whole())]
    found = await stage.look_up("000.00.03.H34-251124-0002")
    assert (found["error_code"], found["result"]) == (1, [])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"{", "/"),
        (b"[]", "/"),
        (b'{"madonvi":"x","service":"a","masohoso":"G22.99.99-251124-0009"}', "/madonvi"),
        (b'{"madonvi":"000.00.00.G22","service":"a","masohoso":"x"}', "/masohoso"),
    ],
)
async def test_wrong_look_up_is_refused_by_place(stage: Stage, body: bytes, place: str) -> None:
    answer = (await stage.province.post("/web/guest/search/call", content=body)).json()
    assert (answer["error_code"], f"{place}:" in answer["message"]) == (-1, True)


async def test_portal_without_a_province_says_so() -> None:
    app = create_app(STAND_IN, autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as user,
    ):
        answer = await user.post("/__mock__/act/look-up", json={"code": "G22.99.99-251124-0009"})
    assert answer.status_code == 409


async def test_tax_file_survives_writing_and_reading() -> None:
    decision = dvcqg.TaxDecision(
        MA_SO_THUE="0100000001", SO_QUYET_DINH="1/<&>", NGAY_QUYET_DINH="24-11-2025", TEN_TIEUMUC="Phí", SO_TIEN="5",
    )  # fmt: skip
    rows = tuple(
        dvcqg.TaxRow(MA_HSO=f"G22.99.99-251124-000{number}", LIST=[decision, decision]) for number in (1, 2)
    )
    assert dvcqg.read_tax_notice(dvcqg.write_tax_notice(rows)) == rows
