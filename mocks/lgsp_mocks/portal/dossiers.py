"""The portal's dossiers: what provinces report, applied whole or not at all."""

from pydantic import JsonValue

from lgsp.standards import dvcqg
from lgsp.standards.dossier_life import check_transition
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.reply import DUPLICATE, FAILED, NOT_FOUND, WireError

__all__ = ["BORN_HERE", "add_steps", "look_up", "report_state", "requests_of", "synchronize"]

Row = dict[str, JsonValue]
BORN_HERE = "portal"
_STATE_OF_REPORT = {"2": "2", "5": "5", "11": "3"}


def synchronize(context: Context, request: dvcqg.DongBoHoSoMC) -> None:
    """DongBoHoSoMC.

    Raises:
        WireError: an item is new where it should be known, or the other way round, its procedure is unknown, or its state can't follow.
    """
    table = context.state.table("dossiers")
    changed: dict[str, Row] = {}
    for item in request.data:
        _check_procedure(context, item)
        before = changed.get(item.MaHoSo) or table.get(item.MaHoSo)
        if before is not None and request.isUpdating == "False":
            raise WireError(DUPLICATE, f"Hồ sơ {item.MaHoSo} đã tồn tại")
        if before is None and request.isUpdating == "True":
            raise _not_found(item.MaHoSo)
        changed[item.MaHoSo] = _changed(before, item, request.madonvi)
    for code, dossier in changed.items():
        table.put(code, dossier)


def _changed(before: Row | None, item: dvcqg.Dossier, unit: str) -> Row:
    state = str(item.TrangThaiHoSo)
    if before is not None and _is_late(before, state):
        return before  # told late, or told again: what is known since is newer
    if before is not None and state != before["TrangThaiHoSo"]:
        _require(item.MaHoSo, str(before["TrangThaiHoSo"]), state)
    known: Row = before or {"nguon": "province", "don_vi": unit, "tien_do": []}
    # Fields that an update leaves out stay: a dossier that was born here keeps what the citizen typed.
    changed = known | item.model_dump(mode="json", exclude_unset=before is not None)
    requests = {str(row["HoSoBoSungId"]): row for row in requests_of(known)}
    requests |= {str(row["HoSoBoSungId"]): row for row in requests_of(changed)}
    changed["DanhSachHoSoBoSung"] = list(requests.values())
    changed["ket_qua"] = changed.get("DanhSachGiayToKetQua", [])
    return _in_state(known, changed)


def _in_state(before: Row, changed: Row) -> Row:
    """With the states that it has been in, for telling what is late from what is wrong."""
    passed = _rows(before, "da_qua")
    states = [before.get("TrangThaiHoSo"), changed["TrangThaiHoSo"]]
    return changed | {
        "da_qua": [*passed, *(state for state in dict.fromkeys(states) if state and state not in passed)]
    }


def add_steps(context: Context, request: dvcqg.CapNhatTienDoHoSoMC) -> None:
    """CapNhatTienDoHoSoMC, all steps or none. A repeat and a step from before the newest one are noted and move nothing.

    Raises:
        WireError: a dossier is unknown, or the state can't follow.
    """
    table = context.state.table("dossiers")
    changed: dict[str, Row] = {}
    for step in request.data:
        dossier = changed.get(step.MaHoSo) or table.get(step.MaHoSo)
        if dossier is None:
            raise _not_found(step.MaHoSo)
        changed[step.MaHoSo] = _with_step(dossier, step)
    for code, dossier in changed.items():
        table.put(code, dossier)


def _with_step(dossier: Row, step: dvcqg.Step) -> Row:
    steps = _rows(dossier, "tien_do")
    new: JsonValue = step.model_dump(mode="json")
    if new in steps:
        return dossier
    noted: Row = dossier | {"tien_do": [*steps, new]}
    state, after = str(dossier["TrangThaiHoSo"]), str(step.TrangThai)
    if after == state or step.ThoiDiemXuLy < _newest_moment(dossier):
        return noted
    _require(step.MaHoSo, state, after)
    return _in_state(dossier, noted | {"TrangThaiHoSo": after})


def _newest_moment(dossier: Row) -> str:
    told = [str(step["ThoiDiemXuLy"]) for step in _rows(dossier, "tien_do") if isinstance(step, dict)]
    ended = {"9": ("NgayKetThucXuLy",), "10": ("NgayKetThucXuLy", "NgayTra")}
    marks = [str(dossier.get(name) or "") for name in ended.get(str(dossier["TrangThaiHoSo"]), ())]
    return max([*told, *marks], default="")


def _is_late(dossier: Row, state: str) -> bool:
    """A state that it has left behind, and that could not follow now."""
    now = str(dossier["TrangThaiHoSo"])
    return state != now and state in _rows(dossier, "da_qua") and check_transition(now, state) != ""


def _require(code: str, before: str, after: str) -> None:
    if reason := check_transition(before, after):
        raise WireError(FAILED, f"Hồ sơ {code}: {reason}")


def look_up(context: Context, code: str) -> JsonValue:
    """TraCuuHoSo: one row, or none; clients only look whether there is one."""
    dossier = context.state.table("dossiers").get(code)
    if dossier is None:
        return []
    return [{name: dossier.get(name, "") for name in ("MaHoSo", "MaTTHC", "TrangThaiHoSo")}]


def report_state(context: Context, report: dvcqg.StatusReport) -> None:
    """DongBoTrangThaiHoSo: what became of a dossier that a citizen submitted here.

    Raises:
        WireError: no such dossier, or it was not submitted here.
    """
    table = context.state.table("dossiers")
    known = table.get(report.MaHoSo)
    if known is None or known.get("nguon") != BORN_HERE:
        raise _not_found(report.MaHoSo)
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


def _check_procedure(context: Context, item: dvcqg.Dossier) -> None:
    if context.population.procedure(item.MaTTHC) is None:
        # Not -3: clients read that as "no such dossier", and would insert it again.
        raise WireError(
            FAILED, f"Thủ tục hành chính {item.MaTTHC} không có trong CSDL quốc gia (hồ sơ {item.MaHoSo})"
        )


def _not_found(code: str) -> WireError:
    return WireError(NOT_FOUND, f"Hồ sơ {code} không tồn tại trên Cổng DVCQG")


def requests_of(dossier: Row) -> list[Row]:
    """DanhSachHoSoBoSung: what the one-stop asked for, and how it ended."""
    return [row for row in _rows(dossier, "DanhSachHoSoBoSung") if isinstance(row, dict)]


def _rows(dossier: Row, name: str) -> list[JsonValue]:
    rows = dossier.get(name)
    return rows if isinstance(rows, list) else []
