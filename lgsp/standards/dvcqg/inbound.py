"""What the national portal posts to the province: `nhanhsdvcqg`.

Documented is the form for a business's promotion notice, with an ellipsis in the field list: so unknown fields are let through, and
the fields of a citizen's dossier marked below are ASSUMED, named as DongBoHoSoMC names them.
"""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lgsp.standards.dvcqg.dossier import OwnerId
from lgsp.standards.dvcqg.values import (
    DossierCode,
    ErrorCode,
    Flag,
    ObjectKind,
    ProcedureCode,
    Required,
    Stamp,
    Text,
    UnitCode,
)
from lgsp.standards.faults import bilingual

__all__ = [
    "Address",
    "CallbackReply",
    "InboundDocument",
    "InboundDossier",
    "InboundSupplement",
    "SupplementData",
]


def _check_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise bilingual("base64", "is not base64", "không phải chuỗi base64 hợp lệ") from exc
    return value


EncodedFile = Annotated[str, AfterValidator(_check_base64)]


class _Open(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class InboundDocument(_Open):
    """TaiLieuNop[]: the file itself travels along, in base64. MaThanhPhanHoSo is assumed."""

    TenTepDinhKem: Required
    Base64: EncodedFile
    MaThanhPhanHoSo: Text = ""


class Address(_Open):
    """DiaChiDoanhNghiep."""

    MaTinh: Text = ""
    MaHuyen: Text = ""
    MaXa: Text = ""
    DiaChiChiTiet: Text = ""


class InboundDossier(_Open):
    """nhanhsdvcqg / addtthcKhuyenMai: a dossier that somebody submitted on the national portal."""

    MaHoSo: DossierCode
    MaTTHC: ProcedureCode
    SoVanBan: Text = ""
    NgayNopHoSo: Stamp
    TenThuongNhan: Text = ""
    DiaChiDoanhNghiep: Address | None = None
    DienThoai: Text = ""
    Fax: Text = ""
    Email: Text = ""
    MaSoThue: Text = ""
    NguoiLienHe: Text = ""
    TepDonDangKy: EncodedFile = ""
    TaiLieuNop: list[InboundDocument] = Field(default_factory=list)

    # assumed from here on
    MaDonViTiepNhan: UnitCode | None = None
    TenTTHC: Text = ""
    TrichYeuHoSo: Text = ""
    ChuHoSo: Text = ""
    LoaiDoiTuong: ObjectKind = ObjectKind.CITIZEN
    DiaChi: Text = ""
    DinhDanhCHS: list[OwnerId] = Field(default_factory=list)


class SupplementData(_Open):
    """`data` of the supplement form; what is below MaHoSoQG was cut short where it is documented."""

    MaHoSoQG: DossierCode
    ThongTinDaNop: object = None
    ThongTinSuaDoi: object = None


class InboundSupplement(_Open):
    """nhanhsdvcqg, the supplement form."""

    service: Required
    isUpdating: Flag  # noqa: N815 - the wire's name
    data: SupplementData


class CallbackReply(_Open):
    """The province's answer: 0 taken; 1 or -1 as documented, and anything else too, is a refusal."""

    error_code: ErrorCode
    message: str | None = None
