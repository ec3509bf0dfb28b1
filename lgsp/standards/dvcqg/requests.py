"""The envelopes: login, and one request per `service`; and the answers."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from lgsp.standards.dvcqg.dictionaries import DICTIONARIES, LayDanhMuc
from lgsp.standards.dvcqg.dossier import Dossiers, Steps
from lgsp.standards.dvcqg.envelope import Envelope
from lgsp.standards.dvcqg.questions import (
    DongBoHoiDap,
    DongBoKetQuaHoiDapGuiTuDVCQG,
    LayDanhSachHoiDapBoCoQuan,
    LayDanhSachHoiDapGuiTuDVCQG,
    LayNoiDungTraLoiTheoCauHoi,
)
from lgsp.standards.dvcqg.ratings import DongBoDanhGia
from lgsp.standards.dvcqg.values import (
    DossierCode,
    ErrorCode,
    Flag,
    NullableText,
    Packet,
    ProcedureCode,
    Reply,
    Required,
    Stamp,
    Text,
)

__all__ = [
    "REQUESTS",
    "Answer",
    "CapNhatTienDoHoSoMC",
    "DongBoHoSoMC",
    "DongBoTrangThaiHoSo",
    "Envelope",
    "HandledDocument",
    "LayDVC",
    "LayDanhMucCoQuan",
    "LayDanhMucLinhVuc",
    "LayDanhSachTTHC",
    "LayThuTuc",
    "LoginAnswer",
    "LoginRequest",
    "StatusReport",
    "TraCuuHoSo",
    "TraCuuTechID",
]


class LoginRequest(Packet):
    """POST mapi/login."""

    username: Required
    password: Required


class LoginAnswer(Reply):
    """`session` counts only where error_code is 0."""

    error_code: ErrorCode
    message: str | None = None
    session: str | None = None


class Answer(Reply):
    """The answer to every service; an error of the wire comes with HTTP 200 and error_code != 0."""

    error_code: ErrorCode
    message: str | None = None
    result: JsonValue = None


class DongBoHoSoMC(Envelope):
    """Whole dossiers, new (`isUpdating` False) or again (True)."""

    service: Literal["DongBoHoSoMC"]
    isUpdating: Flag  # noqa: N815 - the wire's name
    data: Dossiers


class CapNhatTienDoHoSoMC(Envelope):
    """Steps of dossiers that the portal already has."""

    service: Literal["CapNhatTienDoHoSoMC"]
    data: Steps


class TraCuuHoSo(Envelope):
    """Is there a dossier of that number?"""

    service: Literal["TraCuuHoSo"]
    mahoso: DossierCode


class LayThuTuc(Envelope):
    """One procedure."""

    service: Literal["LayThuTuc"]
    maTTHC: ProcedureCode  # noqa: N815 - the wire's name


class LayDanhSachTTHC(Envelope):
    """All procedures, by code and name."""

    service: Literal["LayDanhSachTTHC"]


class LayDanhMucCoQuan(Envelope):
    """All agencies."""

    service: Literal["LayDanhMucCoQuan"]


class LayDanhMucLinhVuc(Envelope):
    """All fields of procedures."""

    service: Literal["LayDanhMucLinhVuc"]


class LayDVC(Envelope):
    """All online services."""

    service: Literal["LayDVC"]


class TraCuuTechID(Envelope):
    """The technical id of an account; `mstorcmnd` is a tax code or an identity number."""

    service: Literal["TraCuuTechID"]
    provider: Literal["wso2is"]
    mstorcmnd: Annotated[str, StringConstraints(pattern=r"^([0-9]{9}|[0-9]{12}|[0-9]{10}(-[0-9]{3})?)$")]


class HandledDocument(Packet):
    """TaiLieuXuLy."""

    TepDinhKemId: Text = ""
    TenTepDinhKem: Required
    IsDeleted: Flag = "False"
    MaThanhPhanHoSo: Text = ""
    DuongDanTaiTepTin: Text = ""


class StatusReport(Packet):
    """`data` of DongBoTrangThaiHoSo: MaHoSo is the national number, MaHoSoDonVi the province's.

    TrangThai 2 = taken in, 5 = supplement or refused; one provincial portal also sends 11 (not accepted).
    """

    MaHoSo: DossierCode
    MaHoSoDonVi: Text = ""
    MaDoiTuong: NullableText = ""
    NoiDung: Text = ""
    NgayXuLy: Stamp
    TrangThai: Literal["2", "5", "11"]
    TaiLieuXuLy: list[HandledDocument] = Field(default_factory=list)


class DongBoTrangThaiHoSo(Envelope):
    """What became of a dossier that was born on the portal."""

    service: Literal["DongBoTrangThaiHoSo"]
    type: Literal["2"]
    data: StatusReport


REQUESTS: dict[str, type[Envelope]] = {
    model.__name__: model
    for model in (
        DongBoHoSoMC,
        CapNhatTienDoHoSoMC,
        TraCuuHoSo,
        LayThuTuc,
        LayDanhSachTTHC,
        LayDanhMucCoQuan,
        LayDanhMucLinhVuc,
        LayDVC,
        TraCuuTechID,
        DongBoTrangThaiHoSo,
        LayDanhSachHoiDapGuiTuDVCQG,
        LayDanhSachHoiDapBoCoQuan,
        LayNoiDungTraLoiTheoCauHoi,
        DongBoHoiDap,
        DongBoKetQuaHoiDapGuiTuDVCQG,
        DongBoDanhGia,
    )
} | dict.fromkeys(DICTIONARIES, LayDanhMuc)
"""Every service whose request is known, by its name on the wire."""
