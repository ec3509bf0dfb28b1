"""What the national portal posts to the province: `nhanhsdvcqg`, `addtthcKhuyenMai`, `nhantbthuedvcqg` and `search/call`.

Documented is the form for a business's promotion notice, with an ellipsis in the field list: so unknown fields are let through, and
the fields of a citizen's dossier marked below are ASSUMED, named as DongBoHoSoMC names them.
"""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from lgsp.standards.dvcqg.dossier import OwnerId
from lgsp.standards.dvcqg.values import (
    DossierCode,
    ErrorCode,
    Flag,
    ObjectKind,
    OptionalStamp,
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
    "Changes",
    "InboundDocument",
    "InboundDossier",
    "InboundPayment",
    "InboundPromotion",
    "InboundSupplement",
    "InboundTaxNotice",
    "LookUp",
    "Payment",
    "PaymentProof",
    "SupplementData",
    "TaxNoticeFile",
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
    """nhanhsdvcqg: a dossier that somebody submitted on the national portal."""

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


class InboundPromotion(InboundDossier):
    """addtthcKhuyenMai: a business announces a promotion; its names are documented, which of them must be there is assumed."""

    SoVanBan: Required
    TenThuongNhan: Required
    MaSoThue: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}(-[0-9]{3})?$")]
    NguoiLienHe: Required
    TepDonDangKy: Annotated[EncodedFile, StringConstraints(min_length=1)]
    LoaiDoiTuong: ObjectKind = ObjectKind.ENTERPRISE


class Changes(_Open):
    """ThongTinSuaDoi. ASSUMED whole: the citizen's papers to request HoSoBoSungId, or with TrangThai 7 the wish to withdraw."""

    TrangThai: Literal["", "5", "7"] = ""
    HoSoBoSungId: Annotated[str, StringConstraints(max_length=64)] = ""
    NoiDung: Text = ""
    ThoiDiem: Stamp
    TaiLieuNop: list[InboundDocument] = Field(default_factory=list)


class SupplementData(_Open):
    """`data` of the supplement form; what is below MaHoSoQG was cut short where it is documented."""

    MaHoSoQG: DossierCode
    ThongTinDaNop: object = None
    ThongTinSuaDoi: Changes


class InboundSupplement(_Open):
    """nhanhsdvcqg, the supplement form."""

    service: Required
    isUpdating: Flag  # noqa: N815 - the wire's name
    data: SupplementData


class Payment(_Open):
    """ThongTinThanhToan. That TrangThaiThanhToan 1 means "paid", and MaThongBaoThue names the request, is assumed."""

    NoiDungThanhToan: Text = ""
    ThoiGianThanhToan: Stamp
    MaThongBaoThue: Annotated[str, StringConstraints(max_length=64)] = ""
    TrangThaiThanhToan: Literal["0", "1"]
    SoTien: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]


class PaymentProof(_Open):
    """`Data` of the payment proof: chứng từ nộp phí, lệ phí."""

    MaHoSo: DossierCode
    MaSoThue: Text = ""
    HoTenNguoiNopTien: Text = ""
    SoCMTNguoiNopTien: Text = ""
    DiaChiNguoiNopTien: Text = ""
    XaNguoiNopTien: Text = ""
    HuyenNguoiNopTien: Text = ""
    TinhNguoiNopTien: Text = ""
    UrlFileChungTu: Text = ""
    ThongTinThanhToan: Payment


class InboundPayment(_Open):
    """nhantbthuedvcqg, the payment proof; SecurityKey is not checked, since its rule is not public."""

    SecurityKey: Text = ""
    Service: Text = ""
    Ngay: OptionalStamp = ""
    IsUpdating: Literal["", "True", "False"] = ""
    Data: PaymentProof


class TaxNoticeFile(_Open):
    """`Data` of the tax notice; the file is read by `read_tax_notice`."""

    FileThongBaoThue: Annotated[EncodedFile, StringConstraints(min_length=1)]


class InboundTaxNotice(_Open):
    """nhantbthuedvcqg, the tax notice (thông báo thuế); SecurityKey as in the payment proof."""

    SecurityKey: Text = ""
    Service: Text = ""
    Ngay: OptionalStamp = ""
    IsUpdating: Literal["", "True", "False"] = ""
    Data: TaxNoticeFile


class LookUp(_Open):
    """search/call: somebody asks on the portal how a dossier of the province fares. That `service` is TraCuuHoSo is assumed."""

    madonvi: UnitCode
    service: Required
    masohoso: DossierCode


class CallbackReply(_Open):
    """The province's answer: 0 taken; 1 or -1 as documented, and anything else too, is a refusal."""

    error_code: ErrorCode
    message: str | None = None
