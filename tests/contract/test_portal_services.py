"""The portal's services beyond dossiers: questions and answers, ratings, the small code lists; and what a batch is refused for."""

import copy
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import dvcqg
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

SAMPLES = Path(dvcqg.__file__).parent / "samples"
START = datetime(2025, 11, 24, 8, 0, tzinfo=VIETNAM)
PROCEDURE = "1.000001.000.00.00.H34"
PROVINCE, DEPARTMENT, OTHER = "000.00.00.H34", "000.00.03.H34", "000.00.00.H56"
Packet = dict[str, Any]


class Portal:
    """A client with a session."""

    def __init__(self, client: httpx.AsyncClient, clock: VirtualClock) -> None:
        self.client, self.clock, self.session = client, clock, ""

    async def log_in(self) -> None:
        login = {"username": "sim", "password": "sim-secret"}
        self.session = (await self.client.post("/mapi/login", json=login)).json()["session"]

    async def call(self, service: str, /, **fields: object) -> Packet:
        body = {"session": self.session, "madonvi": PROVINCE, "service": service} | fields
        response = await self.client.post("/mapi/g", json=body)
        assert response.status_code == 200
        found: Packet = response.json()
        return found

    async def done(self, service: str, /, **fields: object) -> Any:
        answer = await self.call(service, **fields)
        assert answer["error_code"] == 0, answer
        return answer.get("result")

    async def ask(self, **fields: object) -> httpx.Response:
        return await self.client.post("/__mock__/act/ask-question", json={"content": "Cần gì?"} | fields)

    async def asked(self, **fields: object) -> str:
        return str((await self.ask(**fields)).json()["question_id"])

    async def table(self, name: str) -> Packet:
        found: Packet = (await self.client.get(f"/__mock__/state/{name}")).json()
        return found


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    clock = VirtualClock(START)
    app = create_app(STAND_IN, clock=clock, autopilot=False)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://portal") as client,
    ):
        started = Portal(client, clock)
        await started.log_in()
        yield started


def item(service: str, **fields: object) -> Packet:
    packet = json.loads((SAMPLES / f"{service}.json").read_text(encoding="utf-8"))["packet"]
    return copy.deepcopy(packet["data"][0]) | fields


def dossier(number: int = 7, **fields: object) -> Packet:
    return item("DongBoHoSoMC", MaHoSo=f"000.00.03.H34-251124-{number:04}", TrangThaiHoSo="2") | fields


def step(number: int = 7, **fields: object) -> Packet:
    return item("CapNhatTienDoHoSoMC", MaHoSo=f"000.00.03.H34-251124-{number:04}") | fields


# --- questions and answers


async def test_question_of_a_citizen_is_listed_answered_and_seen_answered(portal: Portal) -> None:
    number = await portal.asked(procedure=PROCEDURE, citizen="999000000003")
    [row] = dvcqg.read_items("LayDanhSachHoiDapGuiTuDVCQG", await portal.done("LayDanhSachHoiDapGuiTuDVCQG"))
    assert isinstance(row, dvcqg.QuestionRecord)
    assert (number, DEPARTMENT, PROCEDURE, "1") == (row.HOIDAPID, row.MADONVI, row.MATTHCDP, row.TRANGTHAI)
    assert await portal.done("LayNoiDungTraLoiTheoCauHoi", cauhoiid=number) == []
    answer = item("DongBoKetQuaHoiDapGuiTuDVCQG", HOIDAPID=number)
    await portal.done("DongBoKetQuaHoiDapGuiTuDVCQG", data=[answer])
    [text] = await portal.done("LayNoiDungTraLoiTheoCauHoi", cauhoiid=number)
    seen = (await portal.client.get(f"/__mock__/act/questions/{number}")).json()
    assert text == {"TRALOIID": seen["TRALOIID"], "NOIDUNGTRALOI": answer["NOIDUNGTRALOI"]}
    assert (seen["TRANGTHAI"], seen["tra_loi"][0]["NGUOITRALOI"]) == ("2", "Trần B")


async def test_draft_has_state_0_and_can_not_be_answered(portal: Portal) -> None:
    number = await portal.asked(draft=True)
    [row] = await portal.done("LayDanhSachHoiDapGuiTuDVCQG")
    assert row["TRANGTHAI"] == "0"
    data = [item("DongBoKetQuaHoiDapGuiTuDVCQG", HOIDAPID=number)]
    assert (await portal.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=data))["error_code"] == -3


async def test_same_answer_is_kept_once_and_another_comes_beside_it(portal: Portal) -> None:
    number = await portal.asked()
    first = item("DongBoKetQuaHoiDapGuiTuDVCQG", HOIDAPID=number)
    for answer in (first, first, first | {"NOIDUNGTRALOI": "Bổ sung: cả căn cước"}):
        await portal.done("DongBoKetQuaHoiDapGuiTuDVCQG", data=[answer])
    texts = await portal.done("LayNoiDungTraLoiTheoCauHoi", cauhoiid=number)
    assert [text["NOIDUNGTRALOI"] for text in texts] == [first["NOIDUNGTRALOI"], "Bổ sung: cả căn cước"]
    assert len({text["TRALOIID"] for text in texts}) == 2


async def test_each_unit_sees_the_questions_to_itself_and_below(portal: Portal) -> None:
    mine, below = await portal.asked(unit=PROVINCE), await portal.asked(unit=DEPARTMENT)
    theirs = await portal.asked(unit=OTHER)

    async def listed(unit: str) -> list[str]:
        return [row["HOIDAPID"] for row in await portal.done("LayDanhSachHoiDapGuiTuDVCQG", madonvi=unit)]

    assert await listed(PROVINCE) == [mine, below]
    assert await listed(DEPARTMENT) == [below]
    assert await listed(OTHER) == [theirs]


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"HOIDAPID": "99"}, -3, "/data/1/HOIDAPID"),
        ({"MADONVI": "000.00.77.H34"}, -1, "/data/1/MADONVI"),
        ({"MADONVI": OTHER}, -1, "/data/1/MADONVI"),
        ({"NGAYTRALOI": "23/11/2025"}, -1, "/data/1/NGAYTRALOI"),
        ({"NGAYTRALOI": "25/11/2025"}, -1, "/data/1/NGAYTRALOI"),
        ({"NGAYTRALOI": "31/02/2025"}, -1, "/data/1/NGAYTRALOI"),
        ({"NGAYTRALOI": "2025-11-24"}, -1, "/data/1/NGAYTRALOI"),
        ({"NOIDUNGTRALOI": " "}, -1, "/data/1/NOIDUNGTRALOI"),
        ({"la": "1"}, -1, "/data/1/la"),
    ],
)
async def test_wrong_answer_is_refused_by_place_and_none_of_its_batch_is_kept(
    portal: Portal, changes: Packet, code: int, place: str
) -> None:
    good = item("DongBoKetQuaHoiDapGuiTuDVCQG", HOIDAPID=await portal.asked())
    refused = await portal.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=[good, good | changes])
    assert refused["error_code"] == code
    assert f"{place}:" in refused["message"]
    assert await portal.done("LayNoiDungTraLoiTheoCauHoi", cauhoiid=good["HOIDAPID"]) == []


async def test_question_of_another_province_can_not_be_answered(portal: Portal) -> None:
    data = [item("DongBoKetQuaHoiDapGuiTuDVCQG", HOIDAPID=await portal.asked(unit=OTHER))]
    refused = await portal.call("DongBoKetQuaHoiDapGuiTuDVCQG", data=data)
    assert refused["error_code"] == -1
    assert OTHER in refused["message"]


async def test_own_questions_are_kept_reworded_and_listed_apart(portal: Portal) -> None:
    await portal.asked()
    for text in ("Lần một", "Lần hai"):
        await portal.done("DongBoHoiDap", data=[item("DongBoHoiDap", NOIDUNG=text)])
    [row] = await portal.done("LayDanhSachHoiDapBoCoQuan")
    assert (row["HOIDAPID"], row["NOIDUNG"], row["MALINHVUC"]) == ("H34-1", "Lần hai", "G15-TP03")
    assert len(await portal.done("LayDanhSachHoiDapGuiTuDVCQG")) == 1
    assert await portal.done("LayDanhSachHoiDapBoCoQuan", madonvi=OTHER) == []


async def test_own_question_can_not_take_a_citizens_number_nor_they_its(portal: Portal) -> None:
    number = await portal.asked()
    refused = await portal.call("DongBoHoiDap", data=[item("DongBoHoiDap", HOIDAPID=number)])
    assert (refused["error_code"], "/data/0/HOIDAPID:" in refused["message"]) == (3, True)
    await portal.done("DongBoHoiDap", data=[item("DongBoHoiDap", HOIDAPID=str(int(number) + 1))])
    assert await portal.asked() == str(int(number) + 2)


async def test_unknown_field_and_unit_of_a_question_are_both_named(portal: Portal) -> None:
    data = [item("DongBoHoiDap", MaLinhVuc="X-1"), item("DongBoHoiDap", MADONVI="000.00.77.H34")]
    message = (await portal.call("DongBoHoiDap", data=data))["message"]
    assert "/data/0/MaLinhVuc:" in message
    assert "/data/1/MADONVI:" in message
    assert "no such field" in message


async def test_question_that_nobody_asked_is_code_minus_3(portal: Portal) -> None:
    assert (await portal.call("LayNoiDungTraLoiTheoCauHoi", cauhoiid="9"))["error_code"] == -3
    assert (await portal.client.get("/__mock__/act/questions/9")).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [{"unit": "000.00.77.H34"}, {"procedure": "9.999999"}, {"citizen": "999999999999"}, {"content": " "}],
)
async def test_inquiry_that_names_nobody_is_a_problem(portal: Portal, fields: Packet) -> None:
    response = await portal.ask(**fields)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert await portal.table("questions") == {}


# --- ratings


async def test_month_of_a_unit_is_kept_and_replaced_by_its_repeat(portal: Portal) -> None:
    for count in (20, "25"):
        await portal.done("DongBoDanhGia", data=[item("DongBoDanhGia", TongSoNguoiDanhGia=count)])
    kept = await portal.table("ratings")
    assert {key: row["TongSoNguoiDanhGia"] for key, row in kept.items()} == {f"{DEPARTMENT} 2025-10": 25}


async def test_month_without_raters_has_no_shares(portal: Portal) -> None:
    shares = {name: "0%" for name in item("DongBoDanhGia") if name.startswith("PhanTram")}
    await portal.done("DongBoDanhGia", data=[item("DongBoDanhGia", TongSoNguoiDanhGia=0, **shares)])
    assert len(await portal.table("ratings")) == 1


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"NgayTongHop": "13-2025"}, "NgayTongHop"),
        ({"NgayTongHop": "2025-10"}, "NgayTongHop"),
        ({"NgayTongHop": "12-2025"}, "NgayTongHop"),
        ({"TongSoNguoiDanhGia": -1}, "TongSoNguoiDanhGia"),
        ({"TongSoNguoiDanhGia": True}, "TongSoNguoiDanhGia"),
        ({"PhanTramDanhGiaHaiLong": "45"}, "PhanTramDanhGiaHaiLong"),
        ({"PhanTramDanhGiaHaiLong": "101%"}, "PhanTramDanhGiaHaiLong"),
        ({"PhanTramDanhGiaHaiLong": "10%"}, "PhanTramDanhGiaRatHaiLong"),
        ({"Madonvi": OTHER}, "Madonvi"),
        ({"DanhSachNoiDungYKien": [{"MaThuTuc": "x"}]}, "DanhSachNoiDungYKien/0/MaThuTuc"),
    ],
)
async def test_wrong_rating_is_refused_by_place(portal: Portal, changes: Packet, place: str) -> None:
    good = item("DongBoDanhGia", NgayTongHop="9-2025")
    refused = await portal.call("DongBoDanhGia", data=[good, item("DongBoDanhGia") | changes])
    assert refused["error_code"] == -1
    assert f"/data/1/{place}:" in refused["message"]
    assert await portal.table("ratings") == {}


async def test_opinion_on_an_unknown_procedure_is_refused(portal: Portal) -> None:
    rating = item("DongBoDanhGia")
    rating["DanhSachNoiDungYKien"][0]["MaThuTuc"] = "9.999999"
    refused = await portal.call("DongBoDanhGia", data=[rating])
    assert "/data/0/DanhSachNoiDungYKien/0/MaThuTuc:" in refused["message"]


# --- code lists


@pytest.mark.parametrize("service", dvcqg.DICTIONARIES)
async def test_every_code_list_is_of_its_shape_and_has_each_code_once(portal: Portal, service: str) -> None:
    rows = await portal.done(service)
    assert len(dvcqg.read_items(service, rows)) == len(rows)
    # Since 01/07/2025 there are no districts.
    assert (rows == []) == (service == "LayDanhMucQuanHuyen")
    codes = [next(iter(row.values())) for row in rows]
    assert len(set(codes)) == len(codes)


async def test_lists_follow_from_who_lives_in_the_demo(portal: Portal) -> None:
    communes = await portal.done("LayDanhMucPhuongXa")
    provinces = {row["MATINHTHANH"] for row in await portal.done("LayDanhMucTinhThanh")}
    assert {row["MATINHTHANH"] for row in communes} <= provinces
    assert len(await portal.done("LayDanhMucDanToc")) == 54


async def test_fee_of_a_repealed_procedure_leaves_the_list(portal: Portal) -> None:
    before = await portal.done("LayDanhMucLePhi")
    repealed = before[0]["MATTHC"]
    await portal.client.post("/__mock__/act/repeal-procedure", json={"code": repealed})
    after = await portal.done("LayDanhMucLePhi")
    assert repealed not in {row["MATTHC"] for row in after}
    assert len(after) == len(before) - 1


@pytest.mark.parametrize("number", ["", "12", "99900000000A", "01000000011"])
async def test_number_that_can_be_nobodys_is_refused_by_the_technical_ids(
    portal: Portal, number: str
) -> None:
    refused = await portal.call("TraCuuTechID", provider="wso2is", mstorcmnd=number)
    assert "/mstorcmnd:" in refused["message"]


async def test_a_business_is_known_by_its_tax_code_once_it_has_an_account(portal: Portal) -> None:
    async def known(number: str) -> int:
        return len((await portal.call("TraCuuTechID", provider="wso2is", mstorcmnd=number))["result"])

    assert (await known("0100000001"), await known("0100000002")) == (1, 0)
    body = {"procedure": "1.000001.000.00.00.H34", "tax_code": "0100000002"}
    await portal.client.post("/__mock__/act/submit-promotion", json=body)
    assert await known("0100000002") == 1


# --- batches


async def test_every_fault_of_every_item_is_named_in_both_languages_and_nothing_is_applied(
    portal: Portal,
) -> None:
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier(1)])
    batch = [
        dossier(1, GhiChu="khác"), dossier(2), dossier(3, MaTTHC="9.999999"), dossier(4, MaLinhVuc="X-1"),
        dossier(5, NgayTiepNhan="20250230080000"), dossier(6, NgayHenTra="20251120080000"), dossier(7, MaHoSo="H56-251124-0001"),
        dossier(8, MaHoSo="000.00.77.H34-251124-0001"),
    ]  # fmt: skip
    refused = await portal.call("DongBoHoSoMC", isUpdating="False", data=batch)
    assert refused["error_code"] == -1
    for place in (
        "0/MaHoSo", "2/MaTTHC", "3/MaLinhVuc", "4/NgayTiepNhan", "5/NgayHenTra", "6/MaHoSo", "7/MaHoSo",
    ):  # fmt: skip
        assert f"/data/{place}:" in refused["message"], place
    assert "/data/1/" not in refused["message"]
    assert "đã tồn tại với nội dung khác / " in refused["message"]
    assert "NgayHenTra lies before NgayTiepNhan" in refused["message"]
    assert list(await portal.table("dossiers")) == [dossier(1)["MaHoSo"]]


async def test_same_number_twice_in_a_batch_of_new_dossiers_is_a_duplicate(portal: Portal) -> None:
    refused = await portal.call("DongBoHoSoMC", isUpdating="False", data=[dossier(), dossier()])
    assert (refused["error_code"], "/data/1/MaHoSo:" in refused["message"]) == (3, True)
    assert await portal.table("dossiers") == {}


async def test_ten_steps_are_taken_and_eleven_refused(portal: Portal) -> None:
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier()])
    steps = [step(ThoiDiemXuLy=f"202511250900{number:02}") for number in range(11)]
    refused = await portal.call("CapNhatTienDoHoSoMC", data=steps)
    assert (refused["error_code"], "/data:" in refused["message"]) == (-1, True)
    assert (await portal.table("dossiers"))[dossier()["MaHoSo"]]["tien_do"] == []
    await portal.done("CapNhatTienDoHoSoMC", data=steps[:10])
    assert len((await portal.table("dossiers"))[dossier()["MaHoSo"]]["tien_do"]) == 10


async def test_steps_with_mixed_faults_are_all_named_and_none_is_applied(portal: Portal) -> None:
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier(1), dossier(2)])
    before = await portal.table("dossiers")
    batch = [step(1, TrangThai="4"), step(2, TrangThai="10"), step(3), step(1, NguoiXuLy="x" * 51)]
    refused = await portal.call("CapNhatTienDoHoSoMC", data=batch)
    assert refused["error_code"] == -1
    for place in ("1/TrangThai", "2/MaHoSo", "3/NguoiXuLy"):
        assert f"/data/{place}:" in refused["message"]
    assert "only 2, 4, 5, 6, 7, 8, 9 may follow" in refused["message"]
    assert await portal.table("dossiers") == before


async def test_items_that_fail_in_one_way_give_that_code(portal: Portal) -> None:
    refused = await portal.call("CapNhatTienDoHoSoMC", data=[step(1), step(2)])
    assert refused["error_code"] == -3
    assert all(f"/data/{index}/MaHoSo:" in refused["message"] for index in (0, 1))


async def test_dossier_stays_with_the_province_that_reported_it(portal: Portal) -> None:
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier()])
    before = await portal.table("dossiers")
    update = await portal.call("DongBoHoSoMC", isUpdating="True", data=[dossier()], madonvi=OTHER)
    progress = await portal.call("CapNhatTienDoHoSoMC", data=[step()], madonvi=OTHER)
    assert [one["error_code"] for one in (update, progress)] == [-1, -1]
    assert PROVINCE in update["message"]
    assert await portal.table("dossiers") == before


async def test_session_that_ends_between_two_batches_leaves_the_first_whole_and_the_second_out(
    portal: Portal,
) -> None:
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier(1), dossier(2)])
    await portal.clock.advance(30 * 60)
    late = await portal.call("DongBoHoSoMC", isUpdating="False", data=[dossier(3), dossier(4)])
    assert (late["error_code"], "session không hợp lệ" in late["message"]) == (-1, True)
    assert len(await portal.table("dossiers")) == 2
    await portal.log_in()
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier(3), dossier(4)])
    assert len(await portal.table("dossiers")) == 4


async def test_hundreds_of_faults_are_counted_and_not_all_listed(portal: Portal) -> None:
    batch = [dossier(number, MaTTHC="9.999999") for number in range(1, 301)]
    refused = await portal.call("DongBoHoSoMC", isUpdating="False", data=batch)
    assert "và 200 lỗi nữa / and 200 more" in refused["message"]


# --- destination


@pytest.mark.parametrize("forwarder", ["XrdAdapter", "VXPAdapter"])
@pytest.mark.parametrize(
    ("header", "query", "error"),
    [
        ("VN:GOV:000.00.00.G22:vpcpdvcprovider", {}, 0),
        (None, {"dstcode": "VN:GOV:G22:vpcpdvcprovider"}, 0),
        (None, {"providerurl": "http://127.0.0.1:8104"}, 0),
        ("VN:COM:0101234567:nha-cung-cap", {}, -1),
        (None, {"dstcode": "VN:GOV:000.00.00.G22:khac"}, -1),
        ("VN:GOV:000.00.00.G22:vpcpdvcprovider", {"dstcode": "VN:GOV:G22:vpcpdvcprovider"}, -1),
        (None, {"providerurl": "https://apigiaytocanhan.dichvucong.gov.vn"}, -1),
        (None, {"providerurl": "http://["}, -1),
        (None, {"providerurl": "file:///etc/passwd"}, -1),
    ],
)
async def test_call_through_an_adapter_must_lead_to_the_portal(
    portal: Portal, forwarder: str, header: str | None, query: dict[str, str], error: int
) -> None:
    body = {"session": portal.session, "madonvi": PROVINCE, "service": "LayDanhMucGioiTinh"}
    answer = await portal.client.post(
        f"/{forwarder}/RestService/forward/mapi/g", json=body, params=query, headers={"dstcode": header} if header else {},
    )  # fmt: skip
    assert answer.json()["error_code"] == error


# --- XML


async def send_xml(portal: Portal, root: str, packet: Packet) -> tuple[str, Packet]:
    raw = dvcqg.write_xml(root, packet)
    answer = await portal.client.post(
        "/mapi/login" if root == "login" else "/mapi/g",
        content=raw,
        headers={"Content-Type": "application/xml; charset=utf-8"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    found = answer.content.decode()
    return found[found.index("?>") + 2 :].strip(), dict(dvcqg.read_xml(answer.content))


async def test_whole_dossier_goes_in_as_xml_and_is_the_same_as_in_json(portal: Portal) -> None:
    _, login = await send_xml(portal, "login", {"username": "sim", "password": "sim-secret"})
    packet = {"session": login["session"], "madonvi": PROVINCE, "isUpdating": "False", "data": [dossier(1)]}
    text, answer = await send_xml(portal, "DongBoHoSoMC", packet)
    assert text.startswith("<DongBoHoSoMC><error_code>0</error_code>")
    assert answer["error_code"] == "0"
    await portal.done("DongBoHoSoMC", isUpdating="False", data=[dossier(2)])
    first, second = (await portal.table("dossiers")).values()
    assert first | {"MaHoSo": ""} == second | {"MaHoSo": ""}
    assert first["DanhSachHoSoBoSung"] == second["DanhSachHoSoBoSung"]


async def test_result_comes_back_as_items(portal: Portal) -> None:
    text, _ = await send_xml(portal, "LayDanhMucGioiTinh", {"session": portal.session, "madonvi": PROVINCE})
    assert "<result><item><MAGIOITINH>1</MAGIOITINH><TENGIOITINH>Nam</TENGIOITINH></item><item>" in text


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "/"),
        (b"{}", "/"),
        (b"<a", "/"),
        (b'<!DOCTYPE x [<!ENTITY e "y">]><LayDVC>&e;</LayDVC>', "/"),
        (b"<LayDVC><session>S</session><session>S</session></LayDVC>", "/session"),
        (b"<LayDVC><session>S</session><madonvi>x</madonvi></LayDVC>", "/madonvi"),
        (b"<LayDVC><session>S</session><service>LayThuTuc</service></LayDVC>", "/service"),
        (b"<Khac><session>S</session></Khac>", "/service"),
        (b"<DongBoHoSoMC><session>S</session><data><x/></data></DongBoHoSoMC>", "/data/0"),
        (b"<DongBoHoSoMC><session>S</session><data>chu</data></DongBoHoSoMC>", "/data"),
        (b"<TraCuuHoSo><session>S</session><mahoso><a/></mahoso></TraCuuHoSo>", "/mahoso"),
    ],
)
async def test_wrong_xml_is_answered_in_xml_by_place(portal: Portal, raw: bytes, place: str) -> None:
    content = raw.replace(b"<session>S<", f"<session>{portal.session}<".encode())
    answer = await portal.client.post("/mapi/g", content=content, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 200
    assert b"<error_code>-1</error_code>" in answer.content
    assert f"{place}: " in answer.content.decode()


async def test_text_that_xml_can_not_carry_is_still_answered(portal: Portal) -> None:
    number = await portal.asked(content="Một\u0001hai")
    _, answer = await send_xml(
        portal, "LayDanhSachHoiDapGuiTuDVCQG", {"session": portal.session, "madonvi": PROVINCE}
    )
    [row] = answer["result"]
    assert (row["HOIDAPID"], row["NOIDUNG"]) == (number, "Một\ufffdhai")
