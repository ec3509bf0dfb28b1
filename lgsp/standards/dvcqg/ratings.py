"""DongBoDanhGia: how satisfied citizens were, by month and unit (OpenCPS)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lgsp.standards.dvcqg.envelope import Envelope
from lgsp.standards.dvcqg.values import Packet, ProcedureCode, Required, Text, UnitCode
from lgsp.standards.faults import bilingual

__all__ = ["DongBoDanhGia", "Opinion", "OpinionShares", "Rating", "read_share"]

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%")
_MONTH = re.compile(r"(0?[1-9]|1[0-2])-(20[0-9]{2})")


def read_share(value: str) -> float:
    """The number in `n%`."""
    return float(value.removesuffix("%"))


def _check_share(value: str) -> str:
    if not _SHARE.fullmatch(value) or read_share(value) > 100:
        raise bilingual("share", "must be 0% to 100%", "phải là tỷ lệ từ 0% đến 100%")
    return value


def _check_month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise bilingual(
            "month", "must be a month written M-yyyy", "phải là tháng có thật, viết theo dạng M-yyyy"
        )
    return value


def _as_count(value: object) -> object:
    # OpenCPS builds the number from a statistic, so both forms are seen; a JSON boolean is no number.
    if isinstance(value, bool):
        return str(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value


Share = Annotated[str, AfterValidator(_check_share)]
Month = Annotated[str, AfterValidator(_check_month)]
Count = Annotated[int, BeforeValidator(_as_count), Field(ge=0, le=999_999_999, strict=True)]


class OpinionShares(Packet):
    """PhanTramDanhGiaDichVu."""

    RatHaiLong: Share
    HaiLong: Share
    ChuaHaiLong: Share


class Opinion(Packet):
    """DanhSachNoiDungYKien: what was said about one procedure."""

    MaThuTuc: ProcedureCode
    NoiDung: Text = ""
    PhanTramDanhGiaDichVu: OpinionShares


class Rating(Packet):
    """One unit's month; `Madonvi` and `TenDonVi` are spelled so on the wire."""

    NgayTongHop: Month
    TongSoNguoiDanhGia: Count
    PhanTramDanhGiaRatHaiLong: Share
    PhanTramDanhGiaHaiLong: Share
    PhanTramDanhGiaChuaHaiLong: Share
    DanhSachNoiDungYKien: Annotated[list[Opinion], Field(max_length=500)] = Field(default_factory=list)
    Madonvi: UnitCode
    TenDonVi: Required


class DongBoDanhGia(Envelope):
    """Months of units; a month that is there already is replaced."""

    service: Literal["DongBoDanhGia"]
    data: Annotated[list[Rating], Field(min_length=1, max_length=500)]
