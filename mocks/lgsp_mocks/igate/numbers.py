"""Dossier numbers (mã hồ sơ): one sequence per unit and day, without gaps and doubles (TT 01/2018/TT-VPCP, Điều 19)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import cast

from lgsp.clock import VIETNAM
from lgsp.standards import identifiers
from lgsp_mocks.igate.packets import iso
from lgsp_mocks.kit import Agency, Context, Record

__all__ = ["HOLD_S", "NumberError", "Numbers", "Parts", "parts_of"]

HOLD_S = 300
"""How long a number that was given out waits for its dossier; then the next who asks gets it, so that it leaves no gap."""

Parts = tuple[str, date, int]


class NumberError(Exception):
    """A number that a new dossier can't have; the text is the reason, in Vietnamese and English."""


def parts_of(code: str) -> Parts:
    """Unit, day and number.

    Raises:
        ValueError: not of the form, or no such day.
    """
    unit, day, number = identifiers.check_dossier_code(code).rsplit("-", 2)
    moment = datetime.strptime(day, "%Y%m%d" if len(day) == 8 else "%y%m%d").replace(tzinfo=VIETNAM)
    return unit, moment.date(), int(number)


class Numbers:
    """Table `numbers` by unit and day: the last number, and those that are held. No step awaits, so no two can get the same."""

    def __init__(self, context: Context, codes: Callable[[], Iterable[str]]) -> None:
        self._context = context
        self._codes = codes
        self._table = context.state.table("numbers")

    def next(self, unit: Agency, day: date) -> str:
        """A number for a dossier that is being stored now."""
        number, row = self._choose(unit, day)
        self._put(unit, day, row)
        return identifiers.dossier_code(unit.id, day, number)

    def hold(self, unit: Agency) -> str:
        """A number of today for a dossier that will come within `HOLD_S`."""
        now = self._context.clock.now()
        day = now.astimezone(VIETNAM).date()
        number, row = self._choose(unit, day)
        held = {**cast("Record", row["held"]), str(number): iso(now + timedelta(seconds=HOLD_S))}
        self._put(unit, day, {**row, "held": held})
        return identifiers.dossier_code(unit.id, day, number)

    def check(self, code: str, unit: Agency) -> None:
        """Refuse a number of another unit, one that a dossier has, and one that would leave a gap.

        Raises:
            NumberError: with the reason.
            ValueError: the code is not of the form.
        """
        of_unit, day, number = parts_of(code)
        if of_unit not in {unit.id, unit.code}:
            raise NumberError(
                f"mã {code} là số của đơn vị {of_unit}, không phải của {unit.id} / a number of another unit"
            )
        row = self._row(unit, day)
        last = int(str(row["last"]))
        if str(number) in cast("Record", row["held"]) or number == last + 1:
            return
        if number <= last:
            raise NumberError(f"mã {code} đã được cấp cho hồ sơ khác / the number belongs to another dossier")
        following = identifiers.dossier_code(unit.id, day, last + 1)
        raise NumberError(
            f"mã {code} chưa được cấp, số tiếp theo là {following} / the number was never given out"
        )

    def take(self, code: str, unit: Agency) -> None:
        """A number that `check` lets pass now belongs to a dossier."""
        _, day, number = parts_of(code)
        row = self._row(unit, day)
        held = {one: end for one, end in cast("Record", row["held"]).items() if one != str(number)}
        last = max(int(str(row["last"])), number)
        self._put(unit, day, {"last": last, "held": held})

    def _choose(self, unit: Agency, day: date) -> tuple[int, Record]:
        """The smallest that was held in vain, else the one after the last."""
        row, now = self._row(unit, day), self._context.clock.now()
        held = cast("Record", row["held"])
        free = sorted(int(one) for one, end in held.items() if datetime.fromisoformat(str(end)) <= now)
        if free:
            return free[0], {**row, "held": {one: end for one, end in held.items() if one != str(free[0])}}
        number = int(str(row["last"])) + 1
        return number, {**row, "last": number}

    def _row(self, unit: Agency, day: date) -> Record:
        return self._table.get(_key(unit, day)) or {"last": self._largest(unit, day), "held": {}}

    def _largest(self, unit: Agency, day: date) -> int:
        """What an earlier version of this stand-in gave out."""
        begins = tuple(
            f"{name}-{day:{form}}-" for name in (unit.id, unit.code) for form in ("%y%m%d", "%Y%m%d")
        )
        return max(
            (int(code.rsplit("-", 1)[1]) for code in self._codes() if code.startswith(begins)), default=0
        )

    def _put(self, unit: Agency, day: date, row: Record) -> None:
        self._table.put(_key(unit, day), row)


def _key(unit: Agency, day: date) -> str:
    return f"{unit.id}:{day:%Y%m%d}"
