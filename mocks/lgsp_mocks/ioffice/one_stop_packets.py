"""Bodies of the one-stop link, with the wire's own names; what can't be is refused with every fault."""

import base64
import binascii
import re
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from lgsp.clock import VIETNAM
from lgsp.standards.faults import bilingual
from lgsp.standards.identifiers import check_dossier_code

__all__ = ["CapNhatTrangThaiVanBan", "File", "GuiHoSo"]

_DAY = re.compile(r"\d{2}/\d{2}/\d{4}")


def _day(value: str) -> date:
    try:
        # strptime alone would take 1/1/2026.
        return (
            datetime.strptime(value if _DAY.fullmatch(value) else "", "%d/%m/%Y")
            .replace(tzinfo=VIETNAM)
            .date()
        )
    except ValueError as exc:
        raise bilingual(
            "day",
            f"{value!r:.40} is no day of the calendar, dd/MM/yyyy",
            f"{value!r:.40} không phải ngày có thật, dạng dd/MM/yyyy",
        ) from exc


def _check_day(value: str) -> str:
    if value:
        _day(value)
    return value


def _check_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise bilingual("base64", "is not Base64", "không phải Base64") from exc
    return value


Day = Annotated[str, AfterValidator(_check_day)]


class Wire(BaseModel):
    """Fields that the wire does not have are dropped."""

    model_config = ConfigDict(extra="ignore")


class Unit(Wire):
    """DonVi."""

    Ten: str = ""
    MaDinhDanh: str = ""


class Person(Wire):
    """ChuHoSo, NguoiNop, NguoiKy, NguoiTrinhKy; each has more fields, of which nothing follows here."""

    Ten: Annotated[str, Field(max_length=255)] = ""


class File(Wire):
    """DinhKem."""

    Ten: Annotated[str, Field(max_length=255)] = ""
    Base64: Annotated[str, AfterValidator(_check_base64)] = ""
    Link: str = ""


class Draft(Wire):
    """VanBanDuThao."""

    TrichYeu: Annotated[str, Field(min_length=1)]
    LoaiVanBan: str = "Quyết định"
    NgayTao: Day = ""
    DinhKem: Annotated[list[File], Field(max_length=50)] = []


class GuiHoSo(Wire):
    """What a one-stop system sends."""

    IDHoSo: str
    MaHoSo: Annotated[str, AfterValidator(check_dossier_code)]
    DonVi: Unit = Unit()
    ChuHoSo: Person = Person()
    NguoiNop: Person = Person()
    NguoiKy: Person = Person()
    NguoiTrinhKy: Person = Person()
    NguoiKyVanBan: Annotated[str, Field(max_length=255)] = ""
    SoKyHieuVanBan: Annotated[str, Field(max_length=100)] = ""
    TenHoSo: str = ""
    ThuTuc: str = ""
    ThanhPhanHoSo: Annotated[list[JsonValue], Field(max_length=200)] = []
    LoaiHSLienthong: Annotated[str, Field(coerce_numbers_to_str=True)] = ""
    VanBanDuThao: Draft
    ThamSoAn: str = ""
    HanXuLyVanBan: Day = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        made, due = self.VanBanDuThao.NgayTao, self.HanXuLyVanBan
        if made and due and _day(due) < _day(made):
            raise bilingual(
                "HanXuLyVanBan", "HanXuLyVanBan is before NgayTao", "HanXuLyVanBan sớm hơn NgayTao"
            )
        return self


class CapNhatTrangThaiVanBan(Wire):
    """The one-stop system has, or has not, taken the package."""

    MaVanBan: str
    TrangThai: JsonValue = ""
