"""Packets as XML and back, for every service's sample."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from lgsp.errors import InvalidMessageError
from lgsp.standards import dvcqg

pytestmark = pytest.mark.unit

SAMPLES = Path(dvcqg.__file__).parent / "samples"


def sample(name: str) -> dict[str, Any]:
    packet: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["packet"]
    return copy.deepcopy(packet)


@pytest.mark.parametrize("service", sorted(dvcqg.REQUESTS))
def test_packet_is_the_same_after_xml_and_back(service: str) -> None:
    packet = sample(service)
    back = dvcqg.read_xml(dvcqg.write_xml(service, packet))
    assert dvcqg.check(back) == []
    assert dvcqg.read(back) == dvcqg.read(packet)


def test_service_comes_from_the_root() -> None:
    packet = {key: value for key, value in sample("LayThuTuc").items() if key != "service"}
    assert dvcqg.read_xml(dvcqg.write_xml("LayThuTuc", packet))["service"] == "LayThuTuc"


def test_empty_list_and_empty_text_are_told_apart_by_the_service() -> None:
    packet = sample("DongBoHoSoMC")
    packet["data"][0] |= {"DanhSachLePhi": [], "GhiChu": ""}
    [dossier] = dvcqg.read_xml(dvcqg.write_xml("DongBoHoSoMC", packet))["data"]  # type: ignore[misc]
    assert (dossier["DanhSachLePhi"], dossier["GhiChu"]) == ([], "")
    assert isinstance(dossier["DanhSachHoSoBoSung"][0]["TrangThaiBoSung"], bool)


@pytest.mark.parametrize("name", ["DongBoHoSoMC", "DongBoDanhGia"])
def test_fault_in_xml_has_the_pointer_that_it_has_in_json(name: str) -> None:
    packet = sample(name)
    field = next(key for key in packet["data"][0] if key.startswith("Ngay"))
    packet["data"].append(packet["data"][0] | {field: "sai"})
    faults = dvcqg.check(dvcqg.read_xml(dvcqg.write_xml(name, packet)))
    assert [fault.place for fault in faults] == [f"/data/1/{field}"]
    assert faults == dvcqg.check(packet)


def test_every_doubled_element_and_stray_item_is_named() -> None:
    raw = b"<DongBoHoSoMC><a/><a/><data><item/><x/></data></DongBoHoSoMC>"
    with pytest.raises(InvalidMessageError) as caught:
        dvcqg.read_xml(raw)
    assert [fault.place for fault in caught.value.faults] == ["/a", "/data/1"]
    assert all(fault.message and fault.message_vi for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("NgayHenTra", "20251120080000"), ("TrangThaiHoSo", "0"), ("NgayTiepNhan", "20250229000000")],
)
def test_dossier_of_impossible_dates_or_states_is_refused_in_both_languages(field: str, wrong: str) -> None:
    packet = sample("DongBoHoSoMC")
    packet["data"][0][field] = wrong
    [fault] = dvcqg.check(packet)
    assert fault.place == f"/data/0/{field}"
    assert fault.message != fault.message_vi


def test_step_that_ends_before_its_start_is_refused() -> None:
    packet = sample("CapNhatTienDoHoSoMC")
    packet["data"][0] |= {"NgayBatDau": "20251125080000", "NgayKetThucTheoQuyDinh": "20251124080000"}
    assert [fault.place for fault in dvcqg.check(packet)] == ["/data/0/NgayKetThucTheoQuyDinh"]
