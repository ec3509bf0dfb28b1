"""Who lives in the demo: agencies of Kon Tum (H34), ministries, procedures, citizens. All invented, the same from the same seed.

The codes H34, G22 and the other provinces' are the published ones (docs: organizations); every other name and number is assumed.
"""

import random
from dataclasses import dataclass, field
from functools import lru_cache

from lgsp_mocks.kit.procedures import Procedure, by_code, catalogue, core_procedures

__all__ = ["Agency", "Citizen", "Population", "Procedure", "population"]


@dataclass(frozen=True, slots=True)
class Agency:
    """Cơ quan, đơn vị. `id` by QCVN 102:2016, `code` by QĐ 20/2020/QĐ-TTg; level 1 province or ministry, 2 department, 3 commune."""

    id: str
    code: str
    name: str
    parent: str | None
    level: int
    province: bool
    email: str
    address: str
    telephone: str


@dataclass(frozen=True, slots=True)
class Citizen:
    """Công dân; the CCCD begins with 999, a province code that was never given out."""

    id: str
    name: str
    email: str
    telephone: str
    address: str


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody. The procedures are made at the first look."""

    agencies: tuple[Agency, ...]
    citizens: tuple[Citizen, ...]
    seed: int = 34
    _by_id: dict[str, Agency] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id.update(
            {either: agency for agency in self.agencies for either in (agency.id, agency.code)}
        )

    @property
    def procedures(self) -> tuple[Procedure, ...]:
        """Those of the national database, the province's own first."""
        return catalogue(self.seed)

    def agency(self, organization_id: str) -> Agency | None:
        """By either of its ids."""
        return self._by_id.get(organization_id)

    def procedure(self, code: str) -> Procedure | None:
        """By code, as it was first published."""
        return by_code(self.seed).get(code)

    def citizen(self, citizen_id: str) -> Citizen | None:
        """By CCCD."""
        return next((citizen for citizen in self.citizens if citizen.id == citizen_id), None)

    def provincial(self) -> list[Agency]:
        """Agencies of the province."""
        return [agency for agency in self.agencies if agency.province]

    def external(self) -> list[Agency]:
        """Ministries and other provinces."""
        return [agency for agency in self.agencies if not agency.province]


DEPARTMENTS = (
    "Văn phòng UBND tỉnh", "Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Kế hoạch và Đầu tư", "Sở Công Thương",
    "Sở Nông nghiệp và Phát triển nông thôn", "Sở Giao thông vận tải", "Sở Xây dựng", "Sở Tài nguyên và Môi trường",
    "Sở Thông tin và Truyền thông", "Sở Lao động - Thương binh và Xã hội", "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Khoa học và Công nghệ", "Sở Giáo dục và Đào tạo", "Sở Y tế", "Thanh tra tỉnh", "Ban Dân tộc",
)  # fmt: skip
COMMUNES = (
    "Phường Lê Lợi", "Phường Nguyễn Trãi", "Phường Duy Tân", "Phường Quang Trung", "Phường Thắng Lợi", "Xã Hòa Bình",
    "Xã Đăk Cấm", "Xã Ia Chim", "Xã Kroong", "Xã Đăk Hà", "Xã Ngọk Réo", "Xã Đăk Tô", "Xã Văn Lem", "Xã Bờ Y",
    "Xã Sa Loong", "Xã Măng Đen", "Xã Hiếu", "Xã Sa Thầy", "Xã Rờ Kơi", "Xã Đăk Glei",
)  # fmt: skip
EXTERNAL = (
    ("G22", "Văn phòng Chính phủ"), ("G09", "Bộ Nội vụ"), ("G15", "Bộ Tư pháp"), ("G12", "Bộ Tài chính"),
    ("G03", "Bộ Giáo dục và Đào tạo"), ("G18", "Bộ Y tế"), ("G17", "Bộ Xây dựng"), ("G07", "Bộ Khoa học và Công nghệ"),
    ("H41", "UBND tỉnh Nghệ An"), ("H14", "UBND tỉnh Cao Bằng"), ("H56", "UBND tỉnh Thanh Hóa"),
    ("H37", "UBND tỉnh Lạng Sơn"), ("H22", "UBND tỉnh Hà Giang"), ("H48", "UBND tỉnh Quảng Nam"),
)  # fmt: skip
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Y", "A")
GIVEN = (
    "Văn An",
    "Thị Bình",
    "Minh Châu",
    "Đức Dũng",
    "Thu Hà",
    "Quốc Khánh",
    "Ngọc Lan",
    "Hữu Phước",
    "Thanh Tâm",
    "Byen",
)


@lru_cache(maxsize=8)
def population(seed: int = 34) -> Population:
    """The population of that seed."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not secrets
    core_procedures(chance)  # drawn before the citizens, so that every citizen is who they always were
    return Population(tuple(_agencies()), tuple(_citizens(chance)), seed)


def _agencies() -> list[Agency]:
    province = _agency("000.00.00.H34", "H34", "UBND tỉnh Kon Tum", None, 1)
    departments = [
        _agency(
            f"000.00.{number:02}.H34",
            f"H34.{number}",
            f"{name}{'' if 'tỉnh' in name else ' tỉnh Kon Tum'}",
            province.id,
            2,
        )
        for number, name in enumerate(DEPARTMENTS, 1)
    ]
    communes = [
        _agency(f"000.{number:02}.00.H34", f"H34.{100 + number}", f"UBND {name}", province.id, 3)
        for number, name in enumerate(COMMUNES, 1)
    ]
    external = [_agency(f"000.00.00.{code}", code, name, None, 1) for code, name in EXTERNAL]
    return [province, *departments, *communes, *external]


def _agency(organization_id: str, code: str, name: str, parent: str | None, level: int) -> Agency:
    mailbox = code.lower().replace(".", "-")
    return Agency(
        organization_id, code, name, parent, level, code.startswith("H34"), f"vanthu.{mailbox}@example.vn",
        f"Số {level}, đường Mô Phỏng", f"0000 {abs(hash_of(code)) % 1_000_000:06}",
    )  # fmt: skip


def hash_of(text: str) -> int:
    """A number from a text that is the same in every process."""
    return sum((index + 1) * ord(letter) for index, letter in enumerate(text)) * 7919


def _citizens(chance: random.Random) -> list[Citizen]:
    citizens = []
    for number in range(1, 51):
        name = f"{chance.choice(FAMILY)} {chance.choice(GIVEN)}"
        commune = chance.choice(COMMUNES)
        citizens.append(
            Citizen(
                f"999{number:09}",
                name,
                f"congdan{number}@example.vn",
                f"0999{number:06}",
                f"{commune}, tỉnh Kon Tum",
            )
        )
    return citizens
