import copy
import json
from datetime import datetime
from pathlib import Path

import pytest

import lgsp.standards.dvcqg as dvcqg
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError

pytestmark = pytest.mark.unit

SAMPLES = sorted((Path(dvcqg.__file__).parent / "samples").glob("*.json"))


def sample(name: str) -> dict:
    path = next(path for path in SAMPLES if path.stem == name)
    return copy.deepcopy(json.loads(path.read_text(encoding="utf-8"))["packet"])


def places(packet: object) -> list[str]:
    return [fault.place for fault in dvcqg.check(packet)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_validates_and_says_where_it_comes_from(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["_source"]
    assert dvcqg.check(content["packet"]) == []


def test_there_is_a_sample_of_every_service():
    assert set(dvcqg.REQUESTS) <= {path.stem for path in SAMPLES}


@pytest.mark.parametrize("name", ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"])
def test_wire_names_and_values_survive_reading_and_writing(name):
    packet = sample(name)
    if name == "DongBoHoSoMC":
        packet["data"][0]["MaDoiTuong"] = ""  # null is read as the empty string
    model = dvcqg.read(packet)
    assert model.model_dump(mode="json", exclude_unset=True) == packet


def test_dossier_has_the_27_core_fields_of_table_2_and_step_the_9_of_table_3():
    newer = {
        "KenhThucHien",
        "SoGiayToChuHoSo",
        "NoiNopHoSo",
        "HoSoCoThanhPhanSoHoa",
        "TaiKhoanDuocXacThucVoiVNeID",
        "DuocThanhToanTrucTuyen",
        "NgayTuChoi",
        "NgayNopHoSo",
        "DinhDanhCHS",
        "DSKetNoiCSDL",
        "SoBienNhan",
    }
    assert len(set(dvcqg.Dossier.model_fields) - newer) == 27
    assert len(dvcqg.Step.model_fields) == 9


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("MaHoSo", "000.00.03.H34-251399-0007"),
        ("MaTTHC", "thu-tuc"),
        ("TenTTHC", " "),
        ("LoaiDoiTuong", "5"),
        ("LoaiDoiTuong", 1),
        ("TrichYeuHoSo", "x" * 1001),
        ("NgayTiepNhan", "20250230080000"),
        ("NgayTiepNhan", ""),
        ("NgayTiepNhan", "2025-11-24"),
        ("NgayTiepNhan", "２０２５１１２４０８１５００"),
        ("TrangThaiHoSo", "11"),
        ("TrangThaiHoSo", 2),
        ("HinhThuc", "2"),
        ("NgayTra", "20251127243000"),
        ("KenhThucHien", "4"),
        ("DuocThanhToanTrucTuyen", "9"),
        ("DinhDanhCHS", None),
    ],
)
def test_wrong_value_of_a_dossier_field_is_named_by_pointer(field, wrong):
    packet = sample("DongBoHoSoMC")
    packet["data"][0][field] = wrong
    assert places(packet) == [f"/data/0/{field}"]


@pytest.mark.parametrize(
    "field",
    [
        "MaHoSo",
        "MaTTHC",
        "TenTTHC",
        "MaLinhVuc",
        "TenLinhVuc",
        "LoaiDoiTuong",
        "TrichYeuHoSo",
        "NgayTiepNhan",
        "NgayHenTra",
        "TrangThaiHoSo",
        "HinhThuc",
        "DonViXuLy",
    ],
)
def test_missing_mandatory_field_is_named_by_pointer(field):
    packet = sample("DongBoHoSoMC")
    del packet["data"][0][field]
    assert places(packet) == [f"/data/0/{field}"]


def test_faults_in_nested_lists_are_all_reported_in_both_languages():
    packet = sample("DongBoHoSoMC")
    dossier = packet["data"][0]
    dossier["TaiLieuNop"][0]["TenTepDinhKem"] = "x" * 4001
    dossier["DanhSachLePhi"][0]["HinhThucThu"] = "3"
    dossier["DanhSachHoSoBoSung"][0]["TrangThaiBoSung"] = "True"
    dossier["DanhSachGiayToKetQua"][0]["TenGiayTo"] = "x" * 2001
    faults = dvcqg.check(packet)
    assert {fault.place for fault in faults} == {
        "/data/0/TaiLieuNop/0/TenTepDinhKem",
        "/data/0/DanhSachLePhi/0/HinhThucThu",
        "/data/0/DanhSachHoSoBoSung/0/TrangThaiBoSung",
        "/data/0/DanhSachGiayToKetQua/0/TenGiayTo",
    }
    assert all(fault.message and fault.message_vi != fault.message for fault in faults)


def test_unknown_field_is_refused_and_its_pointer_is_escaped():
    packet = sample("CapNhatTienDoHoSoMC")
    packet["data"][0]["Nguoi/Xu~Ly"] = "x"
    assert places(packet) == ["/data/0/Nguoi~1Xu~0Ly"]


def test_officer_name_may_have_50_characters_but_not_51():
    packet = sample("CapNhatTienDoHoSoMC")
    packet["data"][0]["NguoiXuLy"] = "x" * 50
    assert places(packet) == []
    packet["data"][0]["NguoiXuLy"] = "x" * 51
    assert places(packet) == ["/data/0/NguoiXuLy"]


@pytest.mark.parametrize(("status", "expected"), [("2", ["/data/0"]), ("1", []), ("3", [])])
def test_due_date_may_be_empty_only_before_acceptance(status, expected):
    packet = sample("DongBoHoSoMC")
    packet["data"][0] |= {"TrangThaiHoSo": status, "NgayHenTra": ""}
    assert places(packet) == expected


@pytest.mark.parametrize("owner", [("1", "999200017"), ("2", "999200000017"), ("3", "999200017")])
def test_owner_number_must_fit_its_kind(owner):
    packet = sample("DongBoHoSoMC")
    packet["data"][0]["DinhDanhCHS"] = [{"LoaiDinhDanh": owner[0], "SoDinhDanh": owner[1]}]
    assert places(packet)[0].startswith("/data/0/DinhDanhCHS/0")


def test_date_fault_speaks_vietnamese_of_its_own():
    packet = sample("CapNhatTienDoHoSoMC")
    packet["data"][0]["ThoiDiemXuLy"] = "20251131000000"
    [fault] = dvcqg.check(packet)
    assert fault.code == "schema.stamp"
    assert "yyyyMMddHHmmss" in fault.message_vi
    assert fault.message_vi.startswith("phải là ngày giờ")


@pytest.mark.parametrize(
    ("packet", "place"),
    [
        ([], ""),
        ("text", ""),
        ({}, "/service"),
        ({"service": "LayDanhMucTTHC"}, "/service"),
        ({"service": 5}, "/service"),
        ({"service": None, "session": "x"}, "/service"),
        ({"service": ["DongBoHoSoMC"]}, "/service"),
    ],
)
def test_packet_of_no_known_kind_is_a_fault_and_no_crash(packet, place):
    assert places(packet) == [place]


def test_envelope_faults_are_reported_beside_item_faults():
    packet = sample("DongBoHoSoMC")
    packet |= {"isUpdating": True, "madonvi": "tỉnh", "session": ""}
    packet["data"] = []
    assert set(places(packet)) == {"/isUpdating", "/madonvi", "/session", "/data"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"NgayNopHoSo": "20251124"}, "/NgayNopHoSo"),
        ({"TaiLieuNop": [{"TenTepDinhKem": "a.pdf", "Base64": "***"}]}, "/TaiLieuNop/0/Base64"),
        ({"MaDonViTiepNhan": "phòng một cửa"}, "/MaDonViTiepNhan"),
    ],
)
def test_inbound_dossier_is_recognised_without_a_service_and_checked(change, place):
    assert places(sample("nhanhsdvcqg") | change) == [place]


def test_inbound_dossier_lets_fields_through_that_the_documentation_cuts_short():
    assert places(sample("nhanhsdvcqg") | {"TruongChuaBiet": "x"}) == []


def test_read_items_names_the_item_that_is_wrong():
    items = sample("CapNhatTienDoHoSoMC")["data"]
    bad = items[0] | {"TrangThai": "0"}
    assert isinstance(dvcqg.read_items("CapNhatTienDoHoSoMC", items)[0], dvcqg.Step)
    with pytest.raises(InvalidMessageError) as caught:
        dvcqg.read_items("CapNhatTienDoHoSoMC", [items[0], bad])
    assert [fault.place for fault in caught.value.faults] == ["/data/1/TrangThai"]


def test_read_items_reads_answers_of_the_catalogues():
    answer = {
        "data": [{"MADVC": "1.000001.000.00.00.H34.01", "TENDVC": "DVC", "MATTHC": "1.000001.000.00.00.H34"}]
    }
    [service] = dvcqg.read_items("LayDVC", answer)
    assert service.MADVC.endswith(".01")
    with pytest.raises(InvalidMessageError) as caught:
        dvcqg.read_items(
            "LayThuTuc", [{"MATTHC": "1.000001", "TENTTHC": "T", "CAPTHUCHIEN": [{"CAPTHUCHIEN": "7"}]}]
        )
    assert [fault.place for fault in caught.value.faults] == ["/result/0/CAPTHUCHIEN/0/CAPTHUCHIEN"]


@pytest.mark.parametrize(("service", "data"), [("KhongCo", []), ("LayThuTuc", "x"), ("DongBoHoSoMC", None)])
def test_read_items_refuses_what_has_no_items(service, data):
    with pytest.raises(InvalidMessageError):
        dvcqg.read_items(service, data)


@pytest.mark.parametrize("code", [0, "0", "00"])
def test_error_code_is_read_in_every_form_that_clients_have_met(code):
    assert dvcqg.Answer.model_validate({"error_code": code, "message": None}).error_code == 0


def test_stamps_are_vietnamese_time():
    moment = datetime(2025, 11, 24, 8, 15, tzinfo=VIETNAM)
    assert dvcqg.write_stamp(moment) == "20251124081500"
    assert dvcqg.read_stamp("20251124081500") == moment
    assert dvcqg.write_stamp(None) == ""
