"""The catalogue of administrative procedures (thủ tục hành chính): 1,624, of which 591 are given out in the province.

Both numbers are Kon Tum's published ones; every name, fee and time is invented, the same from the same seed.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import MappingProxyType

__all__ = [
    "PROCEDURES",
    "PROVINCE",
    "SYNCHRONIZED",
    "Field",
    "Procedure",
    "by_code",
    "catalogue",
    "core_procedures",
]

PROCEDURES, SYNCHRONIZED = 1624, 591
PROVINCE = "000.00.00.H34"
COMMUNES = 20


@dataclass(frozen=True, slots=True)
class Procedure:
    """Thủ tục hành chính. `level` 0 ministry, 1 province, 3 commune; `fee` in đồng; `papers` empty = those that its field asks for.

    `synchronized`: one of those that the province gives out, and whose catalogue its one-stop system keeps.
    """

    code: str
    name: str
    field_code: str
    field_name: str
    level: str
    working_days: int
    publisher_id: str
    unit_id: str
    fee: int
    needs_signature: bool
    number: int = 0
    synchronized: bool = True
    papers: tuple[str, ...] = ()

    @property
    def result_code(self) -> str:
        """MAKETQUA of what it ends with; empty for one that nobody numbered."""
        return f"{self.publisher_id}-KQ{self.number:06}" if self.number else ""


@dataclass(frozen=True, slots=True)
class Field:
    """Lĩnh vực, who answers for it, and what its procedures are about."""

    code: str
    name: str
    unit_id: str
    objects: tuple[str, str] = ("", "")


CORE_FIELDS = (
    Field("G15-TP03", "Hộ tịch", "000.00.03.H34"),
    Field("G12-TC01", "Quản lý công sản", "000.00.04.H34"),
    Field("G09-NV02", "Tổ chức hành chính", "000.00.02.H34"),
    Field("G17-XD05", "Hoạt động xây dựng", "000.00.09.H34"),
    Field("G03-GD10", "Giáo dục trung học", "000.00.15.H34"),
    Field("G18-YT04", "Khám bệnh, chữa bệnh", "000.00.16.H34"),
)
CORE_ACTIONS = (
    "Cấp giấy phép", "Đăng ký", "Cấp lại giấy chứng nhận", "Thẩm định hồ sơ", "Xác nhận", "Điều chỉnh nội dung",
)  # fmt: skip
PROVINCIAL_FIELDS = (
    Field("G15-TP03", "Hộ tịch", "000.00.03.H34", ("việc hộ tịch", "bản sao trích lục hộ tịch")),
    Field("G15-TP05", "Chứng thực", "000.00.03.H34", ("bản sao từ bản chính", "chữ ký của người dịch")),
    Field("G15-TP07", "Nuôi con nuôi", "000.00.03.H34", ("việc nuôi con nuôi", "hồ sơ nhận con nuôi")),
    Field("G12-TC01", "Quản lý công sản", "000.00.04.H34", ("tài sản công", "nhà, đất dôi dư")),
    Field("G12-KD02", "Thành lập doanh nghiệp", "000.00.05.H34", ("hộ kinh doanh", "chi nhánh, văn phòng đại diện")),
    Field("G09-NV02", "Tổ chức hành chính", "000.00.02.H34", ("đơn vị sự nghiệp", "tổ chức phối hợp liên ngành")),
    Field("G09-NV06", "Hội, quỹ", "000.00.02.H34", ("điều lệ hội", "quỹ xã hội, quỹ từ thiện")),
    Field("G17-XD05", "Hoạt động xây dựng", "000.00.09.H34", ("công trình xây dựng", "nhà ở riêng lẻ")),
    Field("G17-XD08", "Quy hoạch, kiến trúc", "000.00.09.H34", ("thông tin quy hoạch", "đồ án quy hoạch chi tiết")),
    Field("G03-GD10", "Giáo dục trung học", "000.00.15.H34", ("trường trung học phổ thông", "việc chuyển trường")),
    Field("G03-GD04", "Giáo dục mầm non", "000.00.15.H34", ("trường mẫu giáo", "nhóm trẻ độc lập tư thục")),
    Field("G18-YT04", "Khám bệnh, chữa bệnh", "000.00.16.H34", ("cơ sở khám bệnh", "người hành nghề")),
    Field("G18-YT06", "Dược phẩm", "000.00.16.H34", ("cơ sở bán lẻ thuốc", "việc hành nghề dược")),
    Field("G07-CN03", "Tiêu chuẩn, đo lường", "000.00.14.H34", ("sản phẩm hợp quy", "phương tiện đo")),
    Field("G07-TT02", "Bưu chính", "000.00.11.H34", ("dịch vụ bưu chính", "điểm phục vụ bưu chính")),
    Field("G18-BT02", "Bảo trợ xã hội", "000.00.12.H34", ("trợ cấp xã hội", "cơ sở trợ giúp xã hội")),
)  # fmt: skip
NATIONAL_FIELDS = (
    Field("G15-TP11", "Luật sư", "000.00.00.G15", ("tổ chức hành nghề luật sư", "người tập sự hành nghề")),
    Field("G15-TP12", "Công chứng", "000.00.00.G15", ("văn phòng công chứng", "công chứng viên")),
    Field("G15-TP14", "Giám định tư pháp", "000.00.00.G15", ("giám định viên", "văn phòng giám định")),
    Field("G12-TC09", "Thuế", "000.00.00.G12", ("hồ sơ khai thuế", "hóa đơn điện tử")),
    Field("G12-TC11", "Hải quan", "000.00.00.G12", ("tờ khai hải quan", "kho ngoại quan")),
    Field("G12-TC15", "Chứng khoán", "000.00.00.G12", ("công ty chứng khoán", "quỹ đầu tư")),
    Field("G12-TC18", "Bảo hiểm", "000.00.00.G12", ("doanh nghiệp bảo hiểm", "đại lý bảo hiểm")),
    Field("G09-NV11", "Văn thư, lưu trữ", "000.00.00.G09", ("tài liệu lưu trữ", "chứng chỉ hành nghề lưu trữ")),
    Field("G09-LD03", "Việc làm", "000.00.00.G09", ("lao động nước ngoài", "trung tâm dịch vụ việc làm")),
    Field("G09-LD07", "Bảo hiểm xã hội", "000.00.00.G09", ("sổ bảo hiểm xã hội", "chế độ thai sản")),
    Field("G17-GT02", "Đường bộ", "000.00.00.G17", ("giấy phép lái xe", "phương tiện vận tải")),
    Field("G17-GT05", "Hàng không", "000.00.00.G17", ("cảng hàng không", "nhân viên hàng không")),
    Field("G17-GT07", "Đường thủy nội địa", "000.00.00.G17", ("bến thủy nội địa", "phương tiện thủy")),
    Field("G03-GD15", "Giáo dục đại học", "000.00.00.G03", ("ngành đào tạo", "văn bằng do nước ngoài cấp")),
    Field("G18-YT11", "An toàn thực phẩm", "000.00.00.G18", ("cơ sở sản xuất thực phẩm", "nội dung quảng cáo")),
    Field("G18-YT15", "Thiết bị y tế", "000.00.00.G18", ("thiết bị y tế", "số lưu hành")),
    Field("G07-CN09", "Sở hữu trí tuệ", "000.00.00.G07", ("nhãn hiệu", "sáng chế")),
    Field("G07-TT09", "Viễn thông", "000.00.00.G07", ("mạng viễn thông", "tần số vô tuyến điện")),
)  # fmt: skip
ACTIONS = (
    "Cấp mới giấy phép đối với", "Cấp lại giấy phép đối với", "Gia hạn giấy phép đối với", "Đăng ký", "Đăng ký thay đổi nội dung về",
    "Thẩm định hồ sơ về", "Xác nhận", "Phê duyệt phương án về", "Công nhận", "Chấm dứt hoạt động của",
)  # fmt: skip
CASES = ("trường hợp thông thường", "trường hợp có yếu tố nước ngoài", "trường hợp ủy quyền")
DAYS = (1, 3, 5, 7, 10, 15, 20, 30)
FEES = (0, 0, 0, 8_000, 20_000, 50_000, 100_000, 200_000)


@lru_cache(maxsize=8)
def catalogue(seed: int = 34) -> tuple[Procedure, ...]:
    """Every procedure of that seed; made at the first look, not at the start of a stand-in."""
    chance = random.Random(seed)  # noqa: S311 - invented procedures, not secrets
    core = core_procedures(chance)
    here = SYNCHRONIZED - len(core)
    provincial = _provincial(chance, here, len(core) + 1)
    national = _national(chance, PROCEDURES - SYNCHRONIZED, SYNCHRONIZED + 1)
    return (*core, *provincial, *national)


@lru_cache(maxsize=8)
def by_code(seed: int = 34) -> Mapping[str, Procedure]:
    """The same, by code."""
    return MappingProxyType({procedure.code: procedure for procedure in catalogue(seed)})


def core_procedures(chance: random.Random) -> tuple[Procedure, ...]:
    """The forty that the demo, the scenarios and the documentation name. Their order of drawing is part of the population."""
    return tuple(_core(chance, number) for number in range(1, 41))


def _core(chance: random.Random, number: int) -> Procedure:
    field = CORE_FIELDS[(number - 1) % len(CORE_FIELDS)]
    name = f"{CORE_ACTIONS[number % len(CORE_ACTIONS)]} lĩnh vực {field.name.lower()} (mô phỏng {number})"
    days = 3 if number == 1 else chance.choice((1, 3, 5, 7, 10, 15, 20))
    fee = chance.choice((0, 0, 20_000, 50_000, 100_000))
    return Procedure(
        f"1.{number:06}.{PROVINCE}", name, field.code, field.name, "1" if number % 4 else "3", days, PROVINCE, field.unit_id, fee,
        number % 6 == 2, number,
    )  # fmt: skip


def _provincial(chance: random.Random, count: int, first: int) -> Iterator[Procedure]:
    for number, (field, name) in enumerate(_named(PROVINCIAL_FIELDS, count), first):
        commune = number % 3 == 0
        unit = f"000.{number % COMMUNES + 1:02}.00.H34" if commune else field.unit_id
        yield Procedure(
            f"{number % 3 + 1}.{100_000 + number:06}.{PROVINCE}", name, field.code, field.name, "3" if commune else "1",
            chance.choice(DAYS), PROVINCE, unit, chance.choice(FEES), number % 6 == 2, number,
        )  # fmt: skip


def _national(chance: random.Random, count: int, first: int) -> Iterator[Procedure]:
    """Given out by ministries and their own branches: the province's one-stop system has nothing to do with them."""
    for number, (field, name) in enumerate(_named(NATIONAL_FIELDS, count), first):
        suffix = f".{field.unit_id}" if number % 2 else ""
        yield Procedure(
            f"{number % 3 + 1}.{200_000 + number:06}{suffix}", name, field.code, field.name, "01"[number % 5 == 0],
            chance.choice(DAYS), field.unit_id, field.unit_id, chance.choice(FEES), needs_signature=False, number=number,
            synchronized=False,
        )  # fmt: skip


def _named(fields: tuple[Field, ...], count: int) -> Iterator[tuple[Field, str]]:
    """Field by field in turn, no name twice."""
    for index, (case, which, action) in enumerate(product(CASES, (0, 1), ACTIONS)):
        for place, field in enumerate(fields):
            if index * len(fields) + place == count:
                return
            yield field, f"{action} {field.objects[which]}, {case} (mô phỏng)"
