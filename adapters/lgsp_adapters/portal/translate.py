"""Canonical dossiers -> packets of QCVN 120:2019."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.errors import InvalidMessageError
from lgsp.message import Message, faults_of
from lgsp.model.dossier import (
    DossierChannel,
    DossierFee,
    DossierKeys,
    DossierPause,
    DossierProgressed,
    DossierRequest,
    DossierState,
    DossierSynchronized,
)
from lgsp.standards import dvcqg

__all__ = ["dossier_item", "national_code", "read", "request_status_item", "status_item", "step_item"]

M = TypeVar("M", bound=BaseModel)
MAX_OFFICER = 50
MAX_ABSTRACT = 1000


def read(message: Message, model: type[M]) -> M:
    """The message's data as the canonical model.

    Raises:
        InvalidMessageError: by JSON Pointer below /data.
    """
    try:
        return model.model_validate_json(message.data_json())
    except ValidationError as exc:
        raise InvalidMessageError(message.kind, faults_of(exc, "/data")) from exc


def national_code(dossier: DossierKeys) -> str:
    """MaHoSo: the national number where there is one."""
    return dossier.national_code or dossier.code or ""


def dossier_item(dossier: DossierSynchronized) -> dict[str, JsonValue]:
    """One item of DongBoHoSoMC."""
    who = dossier.applicant
    by_post = dossier.channel == DossierChannel.POST  # then the result goes back by post too (assumed)
    return {
        "MaHoSo": national_code(dossier), "MaTTHC": dossier.procedure_code, "TenTTHC": dossier.procedure_name,
        "MaLinhVuc": dossier.field_code, "TenLinhVuc": dossier.field_name, "ChuHoSo": who.name, "LoaiDoiTuong": who.kind.value,
        "MaDoiTuong": "", "ThongTinKhac": "", "Email": who.email, "Fax": "", "SoDienThoai": who.telephone,
        "TrichYeuHoSo": dossier.abstract[:MAX_ABSTRACT] or "Dinhkem", "NgayTiepNhan": dvcqg.write_stamp(dossier.accepted_at),
        "NgayHenTra": dvcqg.write_stamp(dossier.due_at), "TrangThaiHoSo": dossier.state.value,
        "NgayTra": dvcqg.write_stamp(dossier.returned_at), "ThongTinTra": "", "HinhThuc": "1" if by_post else "0",
        "NgayKetThucXuLy": dvcqg.write_stamp(dossier.finished_at), "DonViXuLy": dossier.unit_name, "GhiChu": dossier.note,
        "TaiLieuNop": _documents(dossier), "DanhSachLePhi": _fees(dossier.fees), "DanhSachTepDinhKemKhac": [],
        "DanhSachHoSoBoSung": [_pause(one) for one in dossier.pauses],
        "DanhSachGiayToKetQua": _results(dossier), "KenhThucHien": dossier.channel.value,
        "NoiNopHoSo": "1" if _born_there(dossier) else "2",
        "NgayNopHoSo": dvcqg.write_stamp(dossier.submitted_at), "NgayTuChoi": _refused_at(dossier), "DinhDanhCHS": _owner(who.citizen_id),
        **_newer(dossier),
    }  # fmt: skip


def _newer(dossier: DossierSynchronized) -> dict[str, JsonValue]:
    """The fields of 2022 that QĐ 766/QĐ-TTg is scored by; what the province does not know stays empty rather than claimed.

    Who submits on the portal has logged in there with VNeID (assumed); a fee that is asked for at the counter is paid there.
    """
    paid = "0" if not dossier.fees else "3" if dossier.channel == DossierChannel.COUNTER else ""
    return {
        "SoGiayToChuHoSo": dossier.applicant.citizen_id or "", "TaiKhoanDuocXacThucVoiVNeID": "1" if _born_there(dossier) else "0",
        "DuocThanhToanTrucTuyen": paid, "HoSoCoThanhPhanSoHoa": "1" if any(one.url for one in dossier.documents) else "0",
    }  # fmt: skip


def _born_there(dossier: DossierSynchronized) -> bool:
    """Submitted on the portal: online, under a number that is not the province's own."""
    return dossier.channel == DossierChannel.ONLINE and dossier.national_code not in {None, dossier.code}


def _documents(dossier: DossierSynchronized) -> list[JsonValue]:
    return [
        {
            "TepDinhKemId": str(number), "TenTepDinhKem": one.name, "IsDeleted": "False", "MaThanhPhanHoSo": one.code,
            "DuongDanTaiTepTin": one.url, "DuocSoHoa": "1" if one.url else "0",
        }
        for number, one in enumerate(dossier.documents, 1)
    ]  # fmt: skip


def _pause(pause: DossierPause) -> JsonValue:
    """A request, and how it ended; one for a fee carries it in DanhSachLePhiBoSung (assumed)."""
    papers: list[JsonValue] = [
        {"TenGiayTo": one.name, "MaThanhPhanHoSo": one.code, "DuongDanTepTin": one.url}
        for one in pause.documents
    ]
    return {
        "HoSoBoSungId": pause.request_id, "NguoiYeuCauBoSung": pause.officer, "NoiDungBoSung": pause.content,
        "NgayBoSung": dvcqg.write_stamp(pause.requested_at), "NguoiTiepNhanBoSung": pause.officer if pause.answered_at else "",
        "ThongTinTiepNhan": pause.answer, "NgayTiepNhanBoSung": dvcqg.write_stamp(pause.answered_at),
        "TrangThaiBoSung": pause.answered_at is not None, "DanhSachGiayToBoSung": papers, "DanhSachLePhiBoSung": _fees(pause.fees),
        "NgayHenTraTruoc": dvcqg.write_stamp(pause.due_before), "NgayHenTraMoi": dvcqg.write_stamp(pause.due_after),
    }  # fmt: skip


def _fees(fees: Sequence[DossierFee]) -> list[JsonValue]:
    return [
        {
            "TenPhiLePhi": fee.name, "MaPhiLePhi": fee.code, "HinhThucThu": fee.collected, "Gia": str(fee.amount),
            "LoaiPhiLePhi": fee.kind,
        }
        for fee in fees
    ]  # fmt: skip


def _results(dossier: DossierSynchronized) -> list[JsonValue]:
    return [
        {
            "TenGiayTo": one.name, "MaThanhPhanHoSo": "", "GiayToId": str(number), "DuongDanTepTinKetQua": one.url,
            "MaGiayToKetQua": one.code,
        }
        for number, one in enumerate(dossier.results, 1)
    ]  # fmt: skip


def _owner(citizen_id: str | None) -> list[JsonValue]:
    if citizen_id is None:
        return []
    return [{"LoaiDinhDanh": "1" if len(citizen_id) == 12 else "2", "SoDinhDanh": citizen_id}]


def _refused_at(dossier: DossierSynchronized) -> str:
    refused = dossier.state == DossierState.NOT_ACCEPTED
    return dvcqg.write_stamp(dossier.finished_at or dossier.accepted_at) if refused else ""


def step_item(step: DossierProgressed) -> dict[str, JsonValue]:
    """One item of CapNhatTienDoHoSoMC. A step that began when the dossier was late already has no day of its own to end by."""
    late = step.started_at is not None and step.due_at is not None and step.due_at < step.started_at
    return {
        "MaHoSo": national_code(step), "NguoiXuLy": step.officer[:MAX_OFFICER], "ChucDanh": step.position,
        "ThoiDiemXuLy": dvcqg.write_stamp(step.at), "PhongBanXuLy": step.department, "NoiDungXuLy": step.content,
        "TrangThai": step.state.value, "NgayBatDau": dvcqg.write_stamp(step.started_at),
        "NgayKetThucTheoQuyDinh": "" if late else dvcqg.write_stamp(step.due_at),
    }  # fmt: skip


_REPORTED = {
    DossierState.ACCEPTED: "2", DossierState.PROCESSING: "2", DossierState.RESOLVED: "2", DossierState.RETURNED: "2",
    DossierState.NOT_ACCEPTED: "5", DossierState.SUPPLEMENT_REQUESTED: "5", DossierState.STOPPED: "5",
}  # fmt: skip


def status_item(dossier: DossierSynchronized, at: datetime) -> dict[str, JsonValue] | None:
    """`data` of DongBoTrangThaiHoSo for what came `at` a dossier that was born on the portal; None where its state says nothing there."""
    status = _REPORTED.get(dossier.state)
    if dossier.national_code is None or status is None:
        return None
    documents: Sequence[JsonValue] = ()
    return {
        "MaHoSo": dossier.national_code, "MaHoSoDonVi": dossier.code or "", "MaDoiTuong": "",
        "NoiDung": dossier.note or "Đã tiếp nhận hồ sơ", "NgayXuLy": dvcqg.write_stamp(at), "TrangThai": status,
        "TaiLieuXuLy": list(documents),
    }  # fmt: skip


def request_status_item(request: DossierRequest) -> dict[str, JsonValue] | None:
    """`data` of DongBoTrangThaiHoSo 5 for a supplement that is asked of a dossier that was born on the portal."""
    if request.national_code is None:
        return None
    return {
        "MaHoSo": request.national_code, "MaHoSoDonVi": request.code or "", "MaDoiTuong": "", "NoiDung": request.content,
        "NgayXuLy": dvcqg.write_stamp(request.at), "TrangThai": "5", "TaiLieuXuLy": [],
    }  # fmt: skip
