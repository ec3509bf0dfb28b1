"""Who paid for a dossier, as the payment proof names them, and the receipt (chứng từ) that it points to."""

from collections.abc import Sequence
from importlib import import_module
from typing import cast

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp_mocks.kit.population import Population
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.reply import problem

__all__ = ["ENTERPRISE_ADDRESS", "payer", "receipt_routes", "receipt_url"]

Row = dict[str, JsonValue]
PATH = "/chungtu/"
OWN_URL = "http://127.0.0.1:8104"
"""Where it stands unless `own_url` says otherwise."""
ENTERPRISE_ADDRESS = "Số 1, đường Mô Phỏng"
_PROVINCE = "tỉnh Kon Tum"


def payer(population: Population, dossier: Row) -> Row:
    """The owner of the dossier. A citizen's tax code is their CCCD (TT 86/2024/TT-BTC); districts there are none since 01/07/2025."""
    owner = population.citizen(_identity(dossier))
    if owner is None:  # a business, which all have their seat in the first commune
        address, commune = (
            ENTERPRISE_ADDRESS,
            next(each for each in population.agencies if each.level == 3).name.removeprefix("UBND "),
        )
    else:
        address, commune = owner.address, owner.address.partition(",")[0]
    return {
        "MaSoThue": owner.id if owner else dossier.get("MaSoThue", ""),
        "HoTenNguoiNopTien": dossier.get("ChuHoSo", ""), "SoCMTNguoiNopTien": owner.id if owner else "",
        "DiaChiNguoiNopTien": address, "XaNguoiNopTien": commune, "HuyenNguoiNopTien": "", "TinhNguoiNopTien": _PROVINCE,
    }  # fmt: skip


def receipt_url(context: Context, code: str, request: str) -> str:
    """Where the receipt of that request's payment can be fetched."""
    return f"{context.settings.get('own_url', OWN_URL).rstrip('/')}{PATH}{code}/{request}"


def receipt_routes(context: Context) -> Sequence[BaseRoute]:
    """Receipts; each is made when somebody asks for it, and the same each time."""

    async def receipt(request: Request) -> Response:
        code, number = request.path_params["code"], request.path_params["request"]
        dossier = context.state.table("dossiers").get(code)
        payment = _payment(dossier, number) if dossier else None
        if dossier is None or payment is None:
            return problem(404, f"No receipt for {code}, {number}")
        owner = payer(context.population, dossier)
        lines = [
            "BIÊN LAI THU TIỀN PHÍ, LỆ PHÍ", f"Mã hồ sơ: {code}", f"Người nộp tiền: {owner['HoTenNguoiNopTien']}",
            f"Địa chỉ: {owner['DiaChiNguoiNopTien']}", f"Nội dung: {payment['NoiDungThanhToan']}",
            f"Số tiền: {payment['SoTien']} đồng", f"Thời gian: {payment['ThoiGianThanhToan']}",
        ]  # fmt: skip
        # Slow to load; who pays nothing does without it.
        pdf = cast("bytes", import_module("lgsp.standards.signatures.pdf").minimal_pdf(lines))
        return Response(pdf, media_type="application/pdf")

    return [Route(PATH + "{code}/{request}", receipt, methods=["GET"])]


def _payment(dossier: Row, request: str) -> Row | None:
    """What was told of it in `cong_dan`."""
    answers = dossier.get("cong_dan")
    for one in answers if isinstance(answers, list) else []:
        if isinstance(one, dict) and (one["loai"], one["HoSoBoSungId"]) == ("payment", request):
            told = one["noi_dung"]
            first = told[0] if isinstance(told, list) and told else None
            return first if isinstance(first, dict) else None
    return None


def _identity(dossier: Row) -> str:
    owners = dossier.get("DinhDanhCHS")
    first = owners[0] if isinstance(owners, list) and owners else {}
    return str(first.get("SoDinhDanh", "")) if isinstance(first, dict) else ""
