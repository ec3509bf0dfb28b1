"""The dossier as DongBoHoSoMC carries it (QCVN 120:2019, table 2: 27 fields) and its step (9 fields)."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StringConstraints, ValidationInfo, field_validator, model_validator

from lgsp.standards.dvcqg.values import (
    Digitised,
    DossierCode,
    DossierStatus,
    FeeMoment,
    Flag,
    NullableText,
    ObjectKind,
    OptionalStamp,
    Packet,
    ProcedureCode,
    Required,
    Stamp,
    Text,
    YesNo,
)
from lgsp.standards.faults import bilingual

__all__ = [
    "Connection",
    "Dossier",
    "Fee",
    "OtherFile",
    "OwnerId",
    "ResultPaper",
    "Step",
    "SubmittedDocument",
    "Supplement",
    "SupplementPaper",
]

Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
_MISSING_DUE = (
    "dossier_due",
    "NgayHenTra is required once the dossier was accepted (statuses 2, 4, 9, 10)",
    "NgayHenTra bắt buộc khi hồ sơ đã được tiếp nhận (trạng thái 2, 4, 9, 10)",
)
_DUE_TOO_EARLY = (
    "dossier_due_early",
    "NgayHenTra lies before NgayTiepNhan",
    "NgayHenTra sớm hơn NgayTiepNhan",
)
_WITH_DUE_DATE = frozenset(
    {DossierStatus.ACCEPTED, DossierStatus.PROCESSING, DossierStatus.RESOLVED, DossierStatus.RETURNED}
)


class SubmittedDocument(Packet):
    """TaiLieuNop: one paper that was handed in; the four last fields are newer (2022)."""

    TepDinhKemId: Text = ""
    TenTepDinhKem: Required
    IsDeleted: Flag = "False"
    MaThanhPhanHoSo: Text = ""
    DuongDanTaiTepTin: Text = ""
    DuocSoHoa: YesNo = ""
    DuocTaiSuDung: Digitised = ""
    DuocLayTuKhoDMQG: YesNo = ""
    MaKetQuaThayThe: Text = ""


class Fee(Packet):
    """DanhSachLePhi; Gia in đồng."""

    TenPhiLePhi: Required
    MaPhiLePhi: Text = ""
    HinhThucThu: FeeMoment
    Gia: Number
    LoaiPhiLePhi: Literal["1", "2", "3"]


class OtherFile(Packet):
    """DanhSachTepDinhKemKhac."""

    TenGiayTo: Required
    SoLuong: Number
    LoaiGiayTo: Text = ""


class SupplementPaper(Packet):
    """One paper of DanhSachGiayToBoSung; its fields are in no public code (assumed like TaiLieuNop)."""

    TenGiayTo: Text = ""
    MaThanhPhanHoSo: Text = ""
    DuongDanTepTin: Text = ""


class Supplement(Packet):
    """DanhSachHoSoBoSung: a request for more papers, and how it ended. TrangThaiBoSung is a JSON boolean."""

    HoSoBoSungId: Required
    NguoiYeuCauBoSung: Text = ""
    NoiDungBoSung: Text = ""
    NgayBoSung: OptionalStamp = ""
    NguoiTiepNhanBoSung: Text = ""
    ThongTinTiepNhan: Text = ""
    NgayTiepNhanBoSung: OptionalStamp = ""
    TrangThaiBoSung: StrictBool = False
    DanhSachGiayToBoSung: list[SupplementPaper] = Field(default_factory=list)
    DanhSachLePhiBoSung: list[Fee] = Field(default_factory=list)
    NgayHenTraTruoc: OptionalStamp = ""
    NgayHenTraMoi: OptionalStamp = ""


class ResultPaper(Packet):
    """DanhSachGiayToKetQua; MaGiayToKetQua is newer."""

    TenGiayTo: Annotated[Required, StringConstraints(max_length=2000)]
    MaThanhPhanHoSo: Text = ""
    GiayToId: Text = ""
    DuongDanTepTinKetQua: Text = ""
    MaGiayToKetQua: Text = ""


class OwnerId(Packet):
    """DinhDanhCHS: the owner's identity number; 1 = CCCD (12 digits), 2 = CMND (9 digits)."""

    LoaiDinhDanh: Literal["1", "2"]
    SoDinhDanh: Annotated[str, StringConstraints(pattern=r"^([0-9]{9}|[0-9]{12})$")]

    @model_validator(mode="after")
    def _length_fits_the_kind(self) -> Self:
        if len(self.SoDinhDanh) != (12 if self.LoaiDinhDanh == "1" else 9):
            raise bilingual(
                "owner_id",
                "LoaiDinhDanh 1 (CCCD) has 12 digits, 2 (CMND) has 9",
                "LoaiDinhDanh 1 (CCCD) phải có 12 chữ số, 2 (CMND) phải có 9 chữ số",
            )
        return self


class Connection(Packet):
    """DSKetNoiCSDL: a national database that was asked."""

    MaCSDL: Required


class Dossier(Packet):
    """One item of DongBoHoSoMC's `data`: the 27 core fields, SoBienNhan, and below them the newer ones (2022)."""

    MaHoSo: DossierCode
    MaTTHC: ProcedureCode
    TenTTHC: Required
    MaLinhVuc: Required
    TenLinhVuc: Required
    SoBienNhan: Text = ""
    ChuHoSo: Text = ""
    LoaiDoiTuong: ObjectKind
    MaDoiTuong: NullableText = ""
    ThongTinKhac: Text = ""
    Email: Text = ""
    Fax: Text = ""
    SoDienThoai: Text = ""
    TrichYeuHoSo: Annotated[Required, StringConstraints(max_length=1000)]
    NgayTiepNhan: Stamp
    NgayHenTra: OptionalStamp
    TrangThaiHoSo: DossierStatus
    NgayTra: OptionalStamp = ""
    ThongTinTra: Text = ""
    HinhThuc: Literal["0", "1"]
    NgayKetThucXuLy: OptionalStamp = ""
    DonViXuLy: Required
    GhiChu: Text = ""
    TaiLieuNop: list[SubmittedDocument] = Field(default_factory=list)
    DanhSachLePhi: list[Fee] = Field(default_factory=list)
    DanhSachTepDinhKemKhac: list[OtherFile] = Field(default_factory=list)
    DanhSachHoSoBoSung: list[Supplement] = Field(default_factory=list)
    DanhSachGiayToKetQua: list[ResultPaper] = Field(default_factory=list)

    KenhThucHien: Literal["", "1", "2", "3"] = ""
    SoGiayToChuHoSo: Text = ""
    NoiNopHoSo: Literal["", "1", "2"] = ""
    HoSoCoThanhPhanSoHoa: YesNo = ""
    TaiKhoanDuocXacThucVoiVNeID: YesNo = ""
    DuocThanhToanTrucTuyen: Literal["", "0", "1", "2", "3"] = ""
    NgayTuChoi: OptionalStamp = ""
    NgayNopHoSo: OptionalStamp = ""
    DinhDanhCHS: list[OwnerId] = Field(default_factory=list)
    DSKetNoiCSDL: list[Connection] = Field(default_factory=list)

    @field_validator("NgayHenTra")
    @classmethod
    def _due_after_intake(cls, value: str, info: ValidationInfo) -> str:
        if value and value < info.data.get("NgayTiepNhan", ""):
            raise bilingual(*_DUE_TOO_EARLY)
        return value

    @model_validator(mode="after")
    def _accepted_has_a_due_date(self) -> Self:
        # The table marks NgayHenTra as mandatory with a condition that is not public: acceptance sets it (Mẫu 01), so assumed.
        if self.TrangThaiHoSo in _WITH_DUE_DATE and not self.NgayHenTra:
            raise bilingual(*_MISSING_DUE)
        return self


class Step(Packet):
    """One item of CapNhatTienDoHoSoMC's `data` (QCVN 120:2019, table 3: 9 fields)."""

    MaHoSo: DossierCode
    NguoiXuLy: Annotated[Required, StringConstraints(max_length=50)]
    ChucDanh: Text = ""
    ThoiDiemXuLy: Stamp
    PhongBanXuLy: Text = ""
    NoiDungXuLy: Required
    TrangThai: DossierStatus
    NgayBatDau: OptionalStamp = ""
    NgayKetThucTheoQuyDinh: OptionalStamp = ""

    @field_validator("NgayKetThucTheoQuyDinh")
    @classmethod
    def _ends_after_its_start(cls, value: str, info: ValidationInfo) -> str:
        if value and value < info.data.get("NgayBatDau", ""):
            raise bilingual(
                "step_end_early",
                "NgayKetThucTheoQuyDinh lies before NgayBatDau",
                "NgayKetThucTheoQuyDinh sớm hơn NgayBatDau",
            )
        return value


Dossiers = Annotated[list[Dossier], Field(min_length=1, max_length=500)]
MAX_STEPS = 10
"""One provincial portal sends at most ten steps per call; that the portal insists on it is assumed."""
Steps = Annotated[list[Step], Field(min_length=1, max_length=MAX_STEPS)]
