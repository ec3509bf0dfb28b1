"""DongBoDanhGia: the months' satisfaction by unit, as the units report it."""

from lgsp.clock import VIETNAM
from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.codes import Codes, Found
from lgsp_mocks.portal.publishing import Catalogue
from lgsp_mocks.portal.reply import FAILED, Problem, refused

__all__ = ["rate"]

ROUNDING = 1.0
"""Three rounded shares may miss 100 % by so much."""


def rate(context: Context, request: dvcqg.DongBoDanhGia) -> None:
    """Table `ratings`, by unit and month; what is there already is replaced.

    Raises:
        WireError: an item names what nobody knows, a month to come, or shares that are not of one whole.
    """
    codes, problems = Codes(context, request.madonvi), []
    for index, item in enumerate(request.data):
        found = [
            *codes.of_unit(item.Madonvi, "Madonvi"),
            *_of_month(context, item),
            *_of_shares(item),
            *_of_opinions(context, item),
        ]
        problems += [Problem(code, f"/data/{index}/{field}", text) for code, field, text in found]
    if problems:
        raise refused(problems)
    table = context.state.table("ratings")
    for item in request.data:
        month, year = item.NgayTongHop.split("-")
        table.put(f"{item.Madonvi} {year}-{int(month):02}", item.model_dump(mode="json"))


def _of_month(context: Context, item: dvcqg.Rating) -> list[Found]:
    today = context.clock.now().astimezone(VIETNAM)
    month, year = item.NgayTongHop.split("-")
    if (int(year), int(month)) <= (today.year, today.month):
        return []
    return [(FAILED, "NgayTongHop", "tháng chưa tới / a month to come")]


def _of_shares(item: dvcqg.Rating) -> list[Found]:
    names = ("PhanTramDanhGiaRatHaiLong", "PhanTramDanhGiaHaiLong", "PhanTramDanhGiaChuaHaiLong")
    total = sum(dvcqg.read_share(getattr(item, name)) for name in names)
    if item.TongSoNguoiDanhGia == 0 and total == 0:
        return []
    if item.TongSoNguoiDanhGia and abs(total - 100) <= ROUNDING:
        return []
    return [(FAILED, names[0], f"tổng ba tỷ lệ là {total:g}% / the three shares make {total:g}%")]


def _of_opinions(context: Context, item: dvcqg.Rating) -> list[Found]:
    catalogue = Catalogue(context)
    return [
        (
            FAILED,
            f"DanhSachNoiDungYKien/{index}/MaThuTuc",
            f"không có thủ tục {one.MaThuTuc} / no such procedure",
        )
        for index, one in enumerate(item.DanhSachNoiDungYKien)
        if catalogue.known(one.MaThuTuc) is None
    ]
