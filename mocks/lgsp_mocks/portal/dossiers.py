"""The portal's dossiers: what provinces report, applied whole or not at all."""

import json
from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from lgsp.standards import dvcqg
from lgsp.standards.dossier_life import check_transition
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.codes import Codes, Found, not_found_text
from lgsp_mocks.portal.reply import DUPLICATE, FAILED, NOT_FOUND, Problem, refused

__all__ = [
    "BORN_HERE",
    "MAX_BATCH",
    "Batch",
    "add_steps",
    "look_up",
    "report_state",
    "requests_of",
    "steps_held_twice",
    "synchronize",
]

Row = dict[str, JsonValue]
BORN_HERE = "portal"
MAX_BATCH = 500
_STATE_OF_REPORT = {"2": "2", "5": "5", "11": "3"}


def synchronize(context: Context, request: dvcqg.DongBoHoSoMC) -> None:
    """DongBoHoSoMC.

    Raises:
        WireError: an item is new where it should be known, or the other way round, names what nobody knows, or its state can't follow.
    """
    batch = Batch(context, request.madonvi)
    batch.apply(batch.synchronized(list(enumerate(request.data)), request.isUpdating))


def add_steps(context: Context, request: dvcqg.CapNhatTienDoHoSoMC) -> None:
    """CapNhatTienDoHoSoMC. A repeat and a step from before the newest one are noted and move nothing.

    Raises:
        WireError: a dossier is unknown, or the state can't follow.
    """
    batch = Batch(context, request.madonvi)
    batch.apply(batch.stepped(list(enumerate(request.data))))


class Batch:
    """Items of one call, tried one after the other; the dossiers change when all are right, or not at all."""

    def __init__(self, context: Context, unit: str) -> None:
        self._codes = Codes(context, unit)
        self._unit = unit
        self._table = context.state.table("dossiers")
        self._changed: dict[str, Row] = {}

    def synchronized(self, items: Sequence[tuple[int, dvcqg.Dossier]], updating: str) -> list[Problem]:
        """What is wrong with them, by item."""
        problems: list[Problem] = []
        for index, item in items:
            before = self._known(item.MaHoSo)
            found = self._codes.of_dossier(item, before) + _is_there(item, before, updating)
            if not found:
                row, reason = _changed(before, item, self._unit)
                self._changed[item.MaHoSo] = row
                found = [(FAILED, "TrangThaiHoSo", reason)] if reason else []
            problems += [Problem(code, f"/data/{index}/{field}", text) for code, field, text in found]
        return problems

    def stepped(self, items: Sequence[tuple[int, dvcqg.Step]]) -> list[Problem]:
        """What is wrong with them, by item."""
        problems: list[Problem] = []
        for index, step in items:
            before = self._known(step.MaHoSo)
            if before is None:
                problems.append(Problem(NOT_FOUND, f"/data/{index}/MaHoSo", not_found_text(step.MaHoSo)))
            elif owner := self._codes.of_owner(step.MaHoSo, before):
                problems += [Problem(code, f"/data/{index}/{field}", text) for code, field, text in owner]
            else:
                row, reason = _with_step(before, step)
                self._changed[step.MaHoSo] = row
                if reason:
                    problems.append(Problem(FAILED, f"/data/{index}/TrangThai", reason))
        return problems

    def apply(self, problems: Sequence[Problem]) -> None:
        """All of them, where nothing is wrong.

        Raises:
            WireError: naming everything that is.
        """
        if problems:
            raise refused(problems)
        for code, dossier in self._changed.items():
            self._table.put(code, dossier)

    def _known(self, code: str) -> Row | None:
        return self._changed.get(code) or self._table.get(code)


def steps_held_twice(context: Context) -> list[str]:
    """Steps of progress that a dossier has more than once, equal in everything: dossier and state."""
    found = []
    for code, dossier in context.state.table("dossiers").items():
        steps = Counter(json.dumps(step, sort_keys=True) for step in _rows(dossier, "tien_do"))
        found += [f"{code} {json.loads(step).get('TrangThai')}" for step, count in steps.items() if count > 1]
    return found


def _is_there(item: dvcqg.Dossier, before: Row | None, updating: str) -> list[Found]:
    code = item.MaHoSo
    if before is not None and updating == "False":
        same = all(before.get(name) == value for name, value in item.model_dump(mode="json").items())
        how, how_vi = ("", "") if same else (" with other content", " với nội dung khác")
        return [(DUPLICATE, "MaHoSo", f"Hồ sơ {code} đã tồn tại{how_vi} / {code} exists{how}")]
    if before is None and updating == "True":
        return [(NOT_FOUND, "MaHoSo", not_found_text(code))]
    return []


def _changed(before: Row | None, item: dvcqg.Dossier, unit: str) -> tuple[Row, str]:
    """What it becomes, and the reason where it can't."""
    state = str(item.TrangThaiHoSo)
    if before is not None and _is_late(before, state):
        return before, ""  # told late, or told again: what is known since is newer
    if before is not None and state != before["TrangThaiHoSo"]:
        reason = check_transition(str(before["TrangThaiHoSo"]), state)
        if reason:
            return before, f"Hồ sơ {item.MaHoSo}: {reason}"
    known: Row = before or {"nguon": "province", "don_vi": unit, "tien_do": []}
    # Fields that an update leaves out stay: a dossier that was born here keeps what the citizen typed.
    changed = known | item.model_dump(mode="json", exclude_unset=before is not None)
    requests = {str(row["HoSoBoSungId"]): row for row in requests_of(known)}
    requests |= {str(row["HoSoBoSungId"]): row for row in requests_of(changed)}
    changed["DanhSachHoSoBoSung"] = list(requests.values())
    changed["ket_qua"] = changed.get("DanhSachGiayToKetQua", [])
    return _in_state(known, changed), ""


def _in_state(before: Row, changed: Row) -> Row:
    """With the states that it has been in, for telling what is late from what is wrong."""
    passed = _rows(before, "da_qua")
    states = [before.get("TrangThaiHoSo"), changed["TrangThaiHoSo"]]
    return changed | {
        "da_qua": [*passed, *(state for state in dict.fromkeys(states) if state and state not in passed)]
    }


def _with_step(dossier: Row, step: dvcqg.Step) -> tuple[Row, str]:
    """What it becomes, and the reason where it can't."""
    steps = _rows(dossier, "tien_do")
    new: JsonValue = step.model_dump(mode="json")
    if new in steps:
        return dossier, ""
    noted: Row = dossier | {"tien_do": [*steps, new]}
    state, after = str(dossier["TrangThaiHoSo"]), str(step.TrangThai)
    if after == state or step.ThoiDiemXuLy < _newest_moment(dossier):
        return noted, ""
    if reason := check_transition(state, after):
        return dossier, f"Hồ sơ {step.MaHoSo}: {reason}"
    return _in_state(dossier, noted | {"TrangThaiHoSo": after}), ""


def _newest_moment(dossier: Row) -> str:
    told = [str(step["ThoiDiemXuLy"]) for step in _rows(dossier, "tien_do") if isinstance(step, dict)]
    ended = {"9": ("NgayKetThucXuLy",), "10": ("NgayKetThucXuLy", "NgayTra")}
    marks = [str(dossier.get(name) or "") for name in ended.get(str(dossier["TrangThaiHoSo"]), ())]
    return max([*told, *marks], default="")


def _is_late(dossier: Row, state: str) -> bool:
    """A state that it has left behind, and that could not follow now."""
    now = str(dossier["TrangThaiHoSo"])
    return state != now and state in _rows(dossier, "da_qua") and check_transition(now, state) != ""


def look_up(context: Context, code: str) -> JsonValue:
    """TraCuuHoSo: one row, or none; clients only look whether there is one."""
    dossier = context.state.table("dossiers").get(code)
    if dossier is None:
        return []
    return [{name: dossier.get(name, "") for name in ("MaHoSo", "MaTTHC", "TrangThaiHoSo")}]


def report_state(context: Context, request: dvcqg.DongBoTrangThaiHoSo) -> None:
    """DongBoTrangThaiHoSo: what became of a dossier that a citizen submitted here.

    Raises:
        WireError: no such dossier, it was not submitted here, or it went to another unit.
    """
    report = request.data
    table = context.state.table("dossiers")
    known = table.get(report.MaHoSo)
    if known is None or known.get("nguon") != BORN_HERE:
        raise refused([Problem(NOT_FOUND, "/data/MaHoSo", not_found_text(report.MaHoSo))])
    if owner := Codes(context, request.madonvi).of_owner(report.MaHoSo, known):
        raise refused([Problem(code, f"/data/{field}", text) for code, field, text in owner])
    dossier = dict(known)
    reports = _rows(dossier, "bao_trang_thai")
    new: JsonValue = report.model_dump(mode="json")
    if new in reports:
        return
    dossier["bao_trang_thai"] = [*reports, new]
    if report.MaHoSoDonVi:
        dossier["MaHoSoDonVi"] = report.MaHoSoDonVi
    if _may_move(str(dossier["TrangThaiHoSo"]), report.TrangThai):
        dossier = _in_state(known, dossier | {"TrangThaiHoSo": _STATE_OF_REPORT[report.TrangThai]})
    table.put(report.MaHoSo, dossier)


def _may_move(state: str, report: str) -> bool:
    # Clients fold 4, 6, 9 and 10 into "2": so a "2" only ever takes a dossier in, and never back from a later state.
    # And a "5" that can't follow is the report on something that the packets of the one-stop have told already.
    return state in {"1", "5"} if report == "2" else not check_transition(state, _STATE_OF_REPORT[report])


def requests_of(dossier: Row) -> list[Row]:
    """DanhSachHoSoBoSung: what the one-stop asked for, and how it ended."""
    return [row for row in _rows(dossier, "DanhSachHoSoBoSung") if isinstance(row, dict)]


def _rows(dossier: Row, name: str) -> list[JsonValue]:
    rows = dossier.get(name)
    return rows if isinstance(rows, list) else []
