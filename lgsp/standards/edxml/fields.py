"""Reading an edXML tree: children by local name, values by type, and a list of every fault with its line and path."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from lgsp.clock import VIETNAM
from lgsp.errors import Fault
from lgsp.standards import identifiers
from lgsp.standards.xml import Element, local_name, place_of

__all__ = ["Fields"]

T = TypeVar("T")
MAX_TEXT = 20_000


class Fields:
    """An element and the faults found so far. Prefixes, order and white space around values don't matter."""

    def __init__(self, element: Element, faults: list[Fault]) -> None:
        self.element = element
        self.faults = faults

    def fault(
        self, code: str, message: str, message_vi: str, *, below: str = "", warning: bool = False
    ) -> None:
        """Note a mistake in this element, or in a child of that name."""
        place = place_of(self.element) + (f"/{below}" if below else "")
        line = self.element.sourceline or 0
        self.faults.append(Fault(f"edxml.{code}", place, message, message_vi, line, warning))

    def all(self, name: str) -> list["Fields"]:
        """Children of that name."""
        return [Fields(child, self.faults) for child in self.element if local_name(child) == name]

    def child(self, name: str, *, required: bool = False) -> "Fields | None":
        """The one child of that name."""
        found = self.all(name)
        if len(found) > 1:
            found[1].fault(
                "repeated", f"{name} may stand only once here", f"{name} chỉ được xuất hiện một lần"
            )
        if not found and required:
            self.fault("missing", f"{name} is missing", f"thiếu phần tử {name}", below=name)
        return found[0] if found else None

    def text(self, *names: str, required: bool = False) -> str:
        """Trimmed text of the first child that has one of these names; the first name is the proper one."""
        for name in names:
            found = self.child(name)
            if found is None:
                continue
            value = (found.element.text or "").strip()
            if len(value) > MAX_TEXT:
                found.fault(
                    "too_long",
                    f"{len(value)} characters, the limit is {MAX_TEXT}",
                    f"quá dài, tối đa {MAX_TEXT} ký tự",
                )
            if name != names[0]:
                found.fault(
                    "spelling",
                    f"{name}: the standard writes {names[0]}",
                    f"tên chuẩn là {names[0]}",
                    warning=True,
                )
            if value or not required:
                return value[:MAX_TEXT]
            break
        if required:
            self.fault(
                "missing",
                f"{names[0]} is missing or empty",
                f"thiếu {names[0]} hoặc để trống",
                below=names[0],
            )
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Text of every child of that name that has any."""
        return tuple(value for child in self.all(name) if (value := (child.element.text or "").strip()))

    def _as(self, name: str, value: str, make: Callable[[str], T], hint: str, hint_vi: str) -> T | None:
        try:
            return make(value)
        except ValueError as exc:
            reason = str(exc) if "expected" in str(exc) else hint
            (self.child(name) or self).fault("value", f"{value!r}: {reason}", f"{value!r}: {hint_vi}")
            return None

    def number(self, name: str, default: int = 0) -> int:
        """A whole number from 0."""
        value = self.text(name)
        if not value:
            return default
        return (
            self._as(name, value, _natural, "a whole number from 0 is expected", "cần số nguyên không âm")
            or 0
        )

    def flag(self, name: str) -> bool | None:
        """0/1 or false/true; None where absent."""
        value = self.text(name).lower()
        if not value:
            return None
        if value not in {"0", "1", "true", "false"}:
            self.fault("value", f"{name}: {value!r} is neither 0 nor 1", f"{name}: cần 0 hoặc 1", below=name)
        return value in {"1", "true"}

    def day(self, name: str, *, required: bool = False) -> date | None:
        """`yyyy/MM/dd`."""
        value = self.text(name, required=required)
        if not value:
            return None
        return self._as(
            name, value, _day, "a day yyyy/MM/dd of the calendar is expected", "cần ngày yyyy/MM/dd có thật"
        )

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        """`yyyy/MM/dd HH:mm:ss`, Vietnamese time."""
        value = self.text(name, required=required)
        if not value:
            return None
        hint_vi = "cần thời điểm yyyy/MM/dd HH:mm:ss có thật"
        return self._as(name, value, _moment, "a moment yyyy/MM/dd HH:mm:ss is expected", hint_vi)

    def organ_id(self, name: str = "OrganId", *, required: bool = True) -> str:
        """Mã định danh."""
        value = self.text(name, required=required)
        if not value:
            return ""
        hint_vi = "không phải mã định danh cơ quan (ví dụ 000.00.00.H34 hoặc H34.1.2)"
        return (
            self._as(name, value, identifiers.check_organization_id, "not an organization id", hint_vi) or ""
        )


def _natural(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError(value)
    return int(value)


def _day(value: str) -> date:
    return datetime.strptime(value, "%Y/%m/%d").replace(tzinfo=VIETNAM).date()


def _moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y/%m/%d %H:%M:%S").replace(tzinfo=VIETNAM)
