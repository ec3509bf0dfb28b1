"""The axis' register of agencies (đơn vị), found by either form of their id."""

import re

from pydantic import JsonValue

from lgsp_mocks.kit import Context, Record

__all__ = ["Agencies", "level_of"]

_QCVN_102 = re.compile(r"(\d{3})\.(\d{2})\.(\d{2})\.[A-Z]\d{2}")
_QD_20 = re.compile(r"[A-Z]\d{2}(\.\d{1,3}){0,3}")
_LISTED = ("id", "code", "code102", "name", "mail", "mobile", "fax", "pcode")


class Agencies:
    """Table `agencies`: by `organ_id`, which is the id that the agency was registered by first."""

    def __init__(self, context: Context) -> None:
        self._state = context.state
        self.table = context.state.table("agencies")

    def put(self, organ_id: str, fields: Record) -> Record:
        """Add or change; the record keeps its number."""
        before = self.table.get(organ_id) or {"id": str(self._state.next("agency"))}
        record: Record = {**before, **fields, "organ_id": organ_id}
        self.table.put(organ_id, record)
        return record

    def find(self, organ_id: str) -> Record | None:
        """By `000.00.00.H34` or by `H34`."""
        if not organ_id:
            return None
        found = self.table.get(organ_id)
        if found is None:
            found = next(
                (one for one in self.table.values() if organ_id in {one["code"], one["code102"]}), None
            )
        return found

    def numbered(self, number: str) -> Record | None:
        """By the number that the axis gave it."""
        return next((one for one in self.table.values() if number and one["id"] == number), None)

    def listing(self, level: int | None = None) -> list[JsonValue]:
        """The rows of getAgenciesList, those of one level where given; `pid` is the parent's number, 0 for none."""
        every = self.table.values()
        numbers = {str(one[form]): one["id"] for one in every for form in ("code", "code102", "organ_id")}
        return [
            {**{field: one.get(field, "") for field in _LISTED}, "pid": numbers.get(str(one["pcode"]), "0")}
            for one in every
            if level is None or level_of(one) == level
        ]


def level_of(agency: Record) -> int:
    """1 to 4: the groups of the QĐ 20/2020 id, else those of the QCVN 102 id that are not zero; 0 for a free id."""
    code = str(agency["code"])
    if _QD_20.fullmatch(code):
        return code.count(".") + 1
    found = _QCVN_102.fullmatch(str(agency["code102"]) or code)
    if found is None:
        return 0
    deepest = next((index for index, group in enumerate(found.groups()) if int(group)), 3)
    return 4 - deepest
