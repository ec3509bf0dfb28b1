"""Bodies of the partner API's calls, with the wire's own names."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from lgsp.clock import VIETNAM
from lgsp.standards.faults import bilingual

__all__ = [
    "MAX_ITEMS",
    "Component",
    "Credentials",
    "Eform",
    "NopHoSo",
    "PaidFee",
    "Paper",
    "Progress",
    "Status",
    "iso",
    "of_our_time",
    "read_iso",
    "read_moment",
]

MAX_ITEMS = 100
"""How many items one call of CapNhatTienTrinh or CapNhatTrangThai may carry (assumed)."""

Required = Annotated[str, Field(min_length=1, max_length=2000)]


def iso(moment: datetime) -> str:
    """`2025-06-01T08:30:00.000+0700`, as iGate writes moments."""
    text = moment.isoformat(timespec="milliseconds")
    return f"{text[:-3]}{text[-2:]}"


@lru_cache(maxsize=64)
def read_moment(value: str) -> datetime:
    """`2026-11-23 08:00:00`, in Vietnamese time. One call asks for the same three times."""
    try:
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=VIETNAM)
    except ValueError as exc:
        raise bilingual(
            "moment", "is not yyyy-MM-dd HH:mm:ss", "phải viết theo dạng yyyy-MM-dd HH:mm:ss"
        ) from exc
    return of_our_time(moment)


def of_our_time(moment: datetime) -> datetime:
    """Refuse a year (0001, 9999) in which no dossier is taken in: no calendar of working days reaches there."""
    if not 1900 <= moment.year < 2200:
        raise bilingual("year", f"the year {moment.year} can't be", f"năm {moment.year} không hợp lệ")
    return moment


def _check_moment(value: str) -> str:
    read_moment(value)
    return value


def _check_optional_moment(value: str) -> str:
    return _check_moment(value) if value else value


def read_iso(value: str) -> datetime:
    """ISO 8601; in Vietnamese time where it names no other."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as exc:
        raise bilingual("moment", "is no ISO 8601 moment", "không phải thời điểm ISO 8601 có thật") from exc
    return of_our_time(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM))


def _check_iso(value: str) -> str:
    if value:
        read_iso(value)
    return value


IsoMoment = Annotated[str, AfterValidator(_check_iso)]


class Body(BaseModel):
    """Fields that are not listed are ignored, as the real one does with its many."""

    model_config = ConfigDict(extra="ignore")


class Credentials(Body):
    """Step 1."""

    client_id: str
    client_secret: str


class Paper(Body):
    """GiayToDinhKem."""

    IdGiayTo: Required
    TenGiayTo: str = ""
    MaKetQua: str = ""
    HashTepTin: str = ""


class Component(Body):
    """ThanhPhanHoSo."""

    MaThanhPhanHoSo: str = ""
    TenThanhPhanHoSo: str = ""
    GiayToDinhKem: list[Paper] = []


class SubmitterDetail(Body):
    """ThongTinChiTiet."""

    TenNguoiNop: str = ""
    SoDinhDanh: str = ""
    SoDienThoai: str = ""
    Email: str = ""
    DiaChi: str = ""


class Eform(Body):
    """EformThongTinChiTiet, free by procedure; TrichYeu and the two fields that make a NopHoSo a supplement are assumed."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    TrichYeu: str = ""
    HoSoBoSungId: str = ""
    NoiDungBoSung: str = ""

    @property
    def filled(self) -> dict[str, JsonValue]:
        """All that was sent; model_dump would take a tenth of the call."""
        own = {name: value for name, value in vars(self).items() if name in self.model_fields_set}
        return own | (self.model_extra or {})

    @property
    def is_supplement(self) -> bool:
        """Whether the submission answers a request for papers."""
        return bool(self.HoSoBoSungId or self.NoiDungBoSung)


class PaidFee(Body):
    """DanhSachLePhi, named as in DongBoHoSoMC."""

    TenPhiLePhi: str = ""
    MaPhiLePhi: str = ""
    Gia: Annotated[str, Field(pattern=r"^\d{1,15}$", coerce_numbers_to_str=True)] = "0"


class Submitter(Body):
    """ThongTinNguoiNop."""

    ThongTinChiTiet: SubmitterDetail = SubmitterDetail()


class NopHoSo(Body):
    """Step 4. LoaiDoiTuong: 0 citizen, 1 enterprise, 2 household business."""

    MaHoSo: Required
    MaTTHC: Required
    ChuHoSo: Required
    LoaiDoiTuong: Literal["0", "1", "2", 0, 1, 2] = "0"
    MaDonViTiepNhan: str = ""
    NgayNop: Annotated[str, AfterValidator(_check_moment)]
    NgayTiepNhan: Annotated[str, AfterValidator(_check_optional_moment)] = ""
    ThanhPhanHoSo: list[Component] = []
    ThongTinNguoiNop: Submitter = Submitter()
    EformThongTinChiTiet: Eform = Eform()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.NgayTiepNhan and read_moment(self.NgayTiepNhan) < read_moment(self.NgayNop):
            raise bilingual("NgayTiepNhan", "NgayTiepNhan is before NgayNop", "NgayTiepNhan sớm hơn NgayNop")
        return self


class Progress(Body):
    """Step 5."""

    IDHoSo: str = ""
    MaHoSo: Required
    NoiDungXuLy: Required
    TrangThai: Annotated[str, Field(pattern=r"^([1-9]|10)$", coerce_numbers_to_str=True)]
    NguoiXuLy: str = ""
    PhongBanXuLy: str = ""
    ThoiDiemXuLy: IsoMoment = ""
    NgayBatDau: IsoMoment = ""
    NgayKetThucTheoQuyDinh: IsoMoment = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("NgayKetThucTheoQuyDinh", "ThoiDiemXuLy"):
            end = getattr(self, name)
            if end and self.NgayBatDau and read_iso(end) < read_iso(self.NgayBatDau):
                raise bilingual(name, f"{name} is before NgayBatDau", f"{name} sớm hơn NgayBatDau")
        return self


class Status(Body):
    """Step 6: the draft's answer (5 returned for changes, 9 signed), or a fee that was paid (6).

    HoSoBoSungId and LanTrinh (the round of the draft that is answered, 0 the open one) are assumed.
    """

    IdHoSo: str = ""
    MaHoSo: Required
    TrangThai: Annotated[Literal["5", "6", "9"], Field(coerce_numbers_to_str=True)]
    NoiDungYKien: str = ""
    NoiDungXuLy: str = ""
    HoSoBoSungId: str = ""
    LanTrinh: Annotated[int, Field(ge=0, le=1000)] = 0
    DanhSachLePhi: list[PaidFee] = []
    DanhSachGiayToKetQua: list[Paper] = []
