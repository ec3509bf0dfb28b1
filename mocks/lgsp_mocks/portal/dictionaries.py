"""The small code lists (LayDanhMuc*): published lists, and what follows from who lives in the demo. Row shapes are assumed."""

from collections.abc import Callable

from pydantic import JsonValue

from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.publishing import Catalogue

__all__ = ["PROVINCES", "commune_code", "dictionary"]

Rows = list[JsonValue]
PROVINCES = {
    "H34": "62", "H41": "40", "H14": "04", "H56": "38", "H37": "20", "H22": "02", "H48": "49",
}  # fmt: skip
"""Codes of administrative units (QĐ 124/2004/QĐ-TTg) of the provinces that the demo knows."""
HOME = "62"
GENDERS = ("Nam", "Nữ", "Khác")
MARITAL = ("Chưa kết hôn", "Đã kết hôn", "Đã ly hôn", "Góa")
OBJECTS = ("Công dân", "Doanh nghiệp", "Cơ quan nhà nước", "Tổ chức khác")
LEVELS = ("Cấp Bộ", "Cấp Tỉnh", "Cấp Huyện", "Cấp Xã")
RELIGIONS = ("Không", "Phật giáo", "Công giáo", "Tin Lành", "Cao Đài", "Phật giáo Hòa Hảo", "Hồi giáo")
COUNTRIES = (
    ("VN", "Việt Nam"), ("LA", "Lào"), ("KH", "Campuchia"), ("CN", "Trung Quốc"), ("TH", "Thái Lan"), ("JP", "Nhật Bản"),
    ("KR", "Hàn Quốc"), ("SG", "Singapore"), ("US", "Hoa Kỳ"), ("FR", "Pháp"), ("DE", "Đức"), ("GB", "Anh"), ("AU", "Ô-xtrây-li-a"),
)  # fmt: skip
ETHNIC_GROUPS = (
    "Kinh", "Tày", "Thái", "Hoa", "Khơ-me", "Mường", "Nùng", "HMông", "Dao", "Gia-rai", "Ngái", "Ê-đê", "Ba-na", "Xơ-đăng",
    "Sán Chay", "Cơ-ho", "Chăm", "Sán Dìu", "Hrê", "Mnông", "Ra-glai", "Xtiêng", "Bru-Vân Kiều", "Thổ", "Giáy", "Cơ-tu",
    "Gié-Triêng", "Mạ", "Khơ-mú", "Co", "Ta-ôi", "Chơ-ro", "Kháng", "Xinh-mun", "Hà Nhì", "Chu-ru", "Lào", "La Chí", "La Ha",
    "Phù Lá", "La Hủ", "Lự", "Lô Lô", "Chứt", "Mảng", "Pà Thẻn", "Cơ Lao", "Cống", "Bố Y", "Si La", "Pu Péo", "Brâu", "Ơ Đu",
    "Rơ-măm",
)  # fmt: skip
"""QĐ 121-TCTK/PPCĐ (1979), in its order."""
LEGAL_BASES = (
    ("61/2018/NĐ-CP", "Cơ chế một cửa, một cửa liên thông", "Chính phủ", "23/04/2018", "21/06/2018"),
    ("107/2021/NĐ-CP", "Sửa đổi, bổ sung Nghị định 61/2018/NĐ-CP", "Chính phủ", "06/12/2021", "06/12/2021"),
    ("01/2018/TT-VPCP", "Hướng dẫn Nghị định 61/2018/NĐ-CP", "Văn phòng Chính phủ", "23/11/2018", "08/01/2019"),
    ("118/2025/NĐ-CP", "Thực hiện thủ tục hành chính theo cơ chế một cửa", "Chính phủ", "09/06/2025", "01/07/2025"),
)  # fmt: skip


def dictionary(context: Context, service: str) -> JsonValue:
    """The list of that service, whole."""
    return _LISTS[service](context)


def commune_code(number: int) -> str:
    """Of the demo's commune of that number from 1; invented, below the province's published code."""
    return f"{HOME}{number:03}"


def _plain(name: str, texts: tuple[str, ...], *, first: int = 1, width: int = 1) -> Callable[[Context], Rows]:
    def rows(_: Context) -> Rows:
        return [
            {f"MA{name}": str(number).zfill(width), f"TEN{name}": text}
            for number, text in enumerate(texts, first)
        ]

    return rows


def _provinces(context: Context) -> Rows:
    known = [agency for agency in context.population.agencies if agency.code in PROVINCES]
    return [
        {"MATINHTHANH": PROVINCES[agency.code], "TENTINHTHANH": agency.name.removeprefix("UBND ").strip()}
        for agency in known
    ]


def _districts(_: Context) -> Rows:
    # Two-level local government since 01/07/2025: there are none.
    return []


def _communes(context: Context) -> Rows:
    communes = [agency for agency in context.population.agencies if agency.level == 3]
    return [
        {
            "MAPHUONGXA": commune_code(number),
            "TENPHUONGXA": commune.name.removeprefix("UBND "),
            "MAQUANHUYEN": "",
            "MATINHTHANH": HOME,
        }
        for number, commune in enumerate(communes, 1)
    ]


def _countries(_: Context) -> Rows:
    return [{"MAQUOCGIA": code, "TENQUOCGIA": name} for code, name in COUNTRIES]


def _levels(_: Context) -> Rows:
    return [{"CAPTHUCHIEN": str(number), "TENCAP": name} for number, name in enumerate(LEVELS)]


def _legal_bases(_: Context) -> Rows:
    names = ("SOVANBAN", "TENVANBAN", "COQUANBANHANH", "NGAYBANHANH", "NGAYHIEULUC")
    rows: Rows = []
    for basis in LEGAL_BASES:
        row: dict[str, JsonValue] = dict(zip(names, basis, strict=True))
        rows.append(row | {"DIACHITRUYCAP": ""})
    return rows


def _fees(context: Context) -> Rows:
    return [
        {
            "MALEPHI": f"LP-{one.code}",
            "TENLEPHI": f"Lệ phí {one.name}",
            "MATTHC": one.code,
            "SOTIEN": str(one.fee),
        }
        for one in Catalogue(context).listed()
        if one.fee
    ]


_LISTS: dict[str, Callable[[Context], Rows]] = {
    "LayDanhMucGioiTinh": _plain("GIOITINH", GENDERS),
    "LayDanhMucTinhThanh": _provinces,
    "LayDanhMucQuanHuyen": _districts,
    "LayDanhMucPhuongXa": _communes,
    "LayDanhMucQuocGia": _countries,
    "LayDanhMucDanToc": _plain("DANTOC", ETHNIC_GROUPS, width=2),
    "LayDanhMucTonGiao": _plain("TONGIAO", RELIGIONS, first=0, width=2),
    "LayDanhMucTinhTrangHonNhan": _plain("TINHTRANGHONNHAN", MARITAL),
    "LayDanhMucDoiTuong": _plain("DOITUONG", OBJECTS),
    "LayDanhMucCapThucHien": _levels,
    "LayDanhMucCanCuPhapLy": _legal_bases,
    "LayDanhMucLePhi": _fees,
}
