"""Which numbers and codes a unit may name: its own, and those of the catalogues."""

from pydantic import JsonValue

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.publishing import Catalogue
from lgsp_mocks.portal.reply import FAILED

__all__ = ["NATIONAL", "Codes", "Found", "not_found_text"]

Found = tuple[int, str, str]
"""error_code, field, text."""
NATIONAL = "G22"
"""The portal's own numbers (G22.99.99-…): any province may report what became of them."""


def not_found_text(code: str) -> str:
    """For error_code -3."""
    return f"Hồ sơ {code} không tồn tại trên Cổng DVCQG / the portal has no dossier {code}"


class Codes:
    """As one reporting unit may use them; a province's units may report for each other (NĐ 118/2025/NĐ-CP: intake anywhere in it)."""

    def __init__(self, context: Context, unit: str) -> None:
        self._context = context
        self._catalogue = Catalogue(context)
        self._home = _home(unit)
        self._fields: frozenset[str] | None = None

    def of_dossier(self, item: dvcqg.Dossier, before: dict[str, JsonValue] | None) -> list[Found]:
        """Number, procedure, and field."""
        found = self._of_number(item.MaHoSo) if before is None else self.of_owner(item.MaHoSo, before)
        procedure = self._catalogue.known(item.MaTTHC)
        if procedure is None:
            # Not -3: clients read that as "no such dossier", and would insert it again.
            text = f"Thủ tục hành chính {item.MaTTHC} không có trong CSDL quốc gia (hồ sơ {item.MaHoSo}) / no such procedure"
            found.append((FAILED, "MaTTHC", text))
        if (procedure is None or item.MaLinhVuc != procedure.field_code) and not self._has_field(
            item.MaLinhVuc
        ):
            found.append((FAILED, "MaLinhVuc", f"không có lĩnh vực {item.MaLinhVuc} / no such field"))
        return found

    def of_owner(self, code: str, before: dict[str, JsonValue]) -> list[Found]:
        """A dossier that is there belongs to the province that reported it, or that it was submitted to."""
        owner = str(before.get("don_vi", ""))
        if not owner or _home(owner) == self._home:
            return []
        return [(FAILED, "MaHoSo", f"Hồ sơ {code} thuộc {owner} / the dossier belongs to {owner}")]

    def of_unit(self, unit: str, field: str) -> list[Found]:
        """A unit that is registered, and of the reporting one's province."""
        if not self._is_registered(unit):
            return [(FAILED, field, f"đơn vị {unit} chưa được đăng ký / {unit} is not registered")]
        if _home(unit) != self._home:
            return [(FAILED, field, f"{unit} không thuộc đơn vị gửi / belongs to another sender")]
        return []

    def has_field(self, code: str, field: str) -> list[Found]:
        """A field that is in the catalogue."""
        if self._has_field(code):
            return []
        return [(FAILED, field, f"không có lĩnh vực {code} / no such field")]

    def _of_number(self, code: str) -> list[Found]:
        unit = code.rsplit("-", 2)[0]
        return [] if unit.split(".")[0] == NATIONAL else self.of_unit(unit, "MaHoSo")

    def _is_registered(self, unit: str) -> bool:
        people = self._context.population
        if people.agency(unit) is not None:
            return True
        # Of other provinces and ministries the demo knows only the head.
        head = people.agency(_home(unit))
        return head is not None and not head.province

    def _has_field(self, code: str) -> bool:
        if self._fields is None:
            self._fields = frozenset(procedure.field_code for procedure in self._catalogue.listed())
        return code in self._fields


def _home(unit: str) -> str:
    """The province or ministry: 000.00.03.H34 and H34.3 -> H34."""
    head = unit.split(".", maxsplit=1)[0]
    return head if head[:1].isalpha() else unit.rsplit(".", 1)[-1]
