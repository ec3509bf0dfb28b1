"""Businesses that announce a promotion (addtthcKhuyenMai), and the tax office whose notice on a dossier the portal passes on."""

import base64
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from starlette.routing import BaseRoute

from lgsp.clock import VIETNAM
from lgsp.standards import dvcqg
from lgsp_mocks.kit.population import Agency, Procedure
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.citizens import Citizens, RefusedActError, act_route
from lgsp_mocks.portal.dictionaries import HOME, commune_code
from lgsp_mocks.portal.dossiers import BORN_HERE
from lgsp_mocks.portal.outbox import PROMOTION_PATH, Outbox
from lgsp_mocks.portal.payments import ENTERPRISE_ADDRESS
from lgsp_mocks.portal.people import Document, next_national_code, papers_of
from lgsp_mocks.portal.publishing import Catalogue

__all__ = ["ACCOUNTS", "enterprise_routes", "seed_enterprise"]

Row = dict[str, JsonValue]
TaxCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}(-[0-9]{3})?$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
ACCOUNTS = "enterprises"
"""Table of the businesses that have an account here, by tax code."""
ENTERPRISE, OWN_TAX_CODE = "Công ty TNHH Mô Phỏng", "0100000001"
APPLICATION = base64.b64encode("Đơn đăng ký thực hiện khuyến mại".encode()).decode()


class Promotion(BaseModel):
    """What the business types; `content` is the form itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    procedure: str
    unit: str | None = None
    enterprise: Line = ENTERPRISE
    tax_code: TaxCode = OWN_TAX_CODE
    contact: Line = "Nguyễn Văn An"
    notice: Line = "01/TB-KM"
    content: Line = "Thông báo thực hiện khuyến mại"
    documents: Annotated[list[Document], Field(max_length=50)] = Field(default_factory=list)


class Tax(BaseModel):
    """A decision of the tax office on a dossier that was submitted here; `amount` in đồng."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    national_code: str
    amount: Annotated[int, Field(ge=1, le=999_999_999_999)]
    item: Line = "Lệ phí trước bạ nhà đất"
    tax_code: TaxCode = OWN_TAX_CODE


def seed_enterprise(context: Context) -> None:
    """The business that announces where no other is named."""
    context.state.table(ACCOUNTS).put(OWN_TAX_CODE, {"TenThuongNhan": ENTERPRISE})


def enterprise_routes(context: Context, outbox: Outbox, citizens: Citizens) -> Sequence[BaseRoute]:
    """Routes below /__mock__/act."""

    def announce(promotion: Promotion) -> Row:
        procedure, unit = _resolved(context, promotion)
        code = next_national_code(context)
        now = dvcqg.write_stamp(context.clock.now())
        context.state.table(ACCOUNTS).put(promotion.tax_code, {"TenThuongNhan": promotion.enterprise})
        context.state.table("dossiers").put(code, _dossier(code, now, promotion, procedure, unit))
        outbox.add(code, _packet(code, now, promotion, procedure, unit), path=PROMOTION_PATH)
        return {"national_code": code}

    def tax(notice: Tax) -> Row:
        dossier = citizens.own(notice.national_code)
        row = _tax_row(context, notice)
        payload: Row = {
            "SecurityKey": "", "Service": "nhantbthuedvcqg", "Ngay": dvcqg.write_stamp(context.clock.now()), "IsUpdating": "False",
            "Data": {"FileThongBaoThue": dvcqg.write_tax_notice((row,))},
        }  # fmt: skip
        return citizens.tell(dossier, "tax_notice", "", payload, [row.model_dump(mode="json")])

    return [act_route("submit-promotion", Promotion, announce), act_route("send-tax-notice", Tax, tax)]


def _resolved(context: Context, promotion: Promotion) -> tuple[Procedure, Agency]:
    procedure = Catalogue(context).in_force(promotion.procedure)
    if procedure is None:
        raise RefusedActError(422, f"/procedure: there is no {promotion.procedure} in force")
    unit = context.population.agency(promotion.unit or procedure.unit_id)
    if unit is None or not unit.province:
        raise RefusedActError(422, f"/unit: {promotion.unit or procedure.unit_id} is no unit of the province")
    return procedure, unit


def _packet(code: str, now: str, promotion: Promotion, procedure: Procedure, unit: Agency) -> Row:
    files: list[JsonValue] = [
        {"TenTepDinhKem": one.name, "Base64": one.content_base64} for one in promotion.documents
    ]
    return {
        "MaHoSo": code, "MaTTHC": procedure.code, "SoVanBan": promotion.notice, "NgayNopHoSo": now,
        "TenThuongNhan": promotion.enterprise,
        "DiaChiDoanhNghiep": {
            "MaTinh": HOME, "MaHuyen": "", "MaXa": commune_code(1), "DiaChiChiTiet": ENTERPRISE_ADDRESS,
        },
        "DienThoai": "0260000000", "Fax": "", "Email": "doanhnghiep@example.vn", "MaSoThue": promotion.tax_code,
        "NguoiLienHe": promotion.contact, "TepDonDangKy": APPLICATION, "TaiLieuNop": files, "MaDonViTiepNhan": unit.id,
        "TenTTHC": procedure.name, "TrichYeuHoSo": promotion.content, "ChuHoSo": promotion.enterprise, "LoaiDoiTuong": "2",
    }  # fmt: skip


def _dossier(code: str, now: str, promotion: Promotion, procedure: Procedure, unit: Agency) -> Row:
    application = Document(name="don-dang-ky.txt", content_base64=APPLICATION)
    return {
        "MaHoSo": code, "MaTTHC": procedure.code, "TenTTHC": procedure.name, "MaLinhVuc": procedure.field_code,
        "TenLinhVuc": procedure.field_name, "NgayNopHoSo": now, "MaDonViTiepNhan": unit.id, "TrichYeuHoSo": promotion.content,
        "ChuHoSo": promotion.enterprise, "LoaiDoiTuong": "2", "MaSoThue": promotion.tax_code, "KenhThucHien": "2",
        "TrangThaiHoSo": "1", "TaiLieuNop": papers_of([application, *promotion.documents]), "nguon": BORN_HERE,
        "don_vi": unit.id, "tien_do": [], "ket_qua": [],
        "chuyen_ve_tinh": {"state": "waiting", "tries": 0, "message": ""},
    }  # fmt: skip


def _tax_row(context: Context, notice: Tax) -> dvcqg.TaxRow:
    today = context.clock.now().astimezone(VIETNAM)
    decision = dvcqg.TaxDecision(
        MA_SO_THUE=notice.tax_code,
        SO_QUYET_DINH=f"{context.state.next('tax notices')}/TB-CCT",
        NGAY_QUYET_DINH=f"{today:%d-%m-%Y}",
        TEN_TIEUMUC=notice.item,
        SO_TIEN=str(notice.amount),
    )
    return dvcqg.TaxRow(MA_HSO=notice.national_code, LIST=[decision])
