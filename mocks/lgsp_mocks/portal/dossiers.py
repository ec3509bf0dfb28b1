"""The portal's dossiers: what provinces report, applied whole or not at all."""

from pydantic import JsonValue

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.reply import DUPLICATE, FAILED, NOT_FOUND, WireError

__all__ = ["BORN_HERE", "add_steps", "look_up", "report_state", "synchronize"]

BORN_HERE = "portal"
_TERMINAL = frozenset({"3", "7", "8", "10"})
_STATE_OF_REPORT = {"2": "2", "5": "5", "11": "3"}


def synchronize(context: Context, request: dvcqg.DongBoHoSoMC) -> None:
    """DongBoHoSoMC.

    Raises:
        WireError: an item is new where it should be known, or the other way round, or its procedure is unknown.
    """
    table = context.state.table("dossiers")
    updating = request.isUpdating == "True"
    seen: set[str] = set()
    for item in request.data:
        _check_procedure(context, item)
        if not updating and (item.MaHoSo in table or item.MaHoSo in seen):
            raise WireError(DUPLICATE, f"Hồ sơ {item.MaHoSo} đã tồn tại")
        if updating and item.MaHoSo not in table:
            raise _not_found(item.MaHoSo)
        seen.add(item.MaHoSo)
    for item in request.data:
        known = table.get(item.MaHoSo) or {"nguon": "province", "don_vi": request.madonvi, "tien_do": []}
        # Fields that an update leaves out stay: a dossier that was born here keeps what the citizen typed.
        changed = known | item.model_dump(mode="json", exclude_unset=bool(known.get("MaHoSo")))
        changed["ket_qua"] = changed.get("DanhSachGiayToKetQua", [])
        table.put(item.MaHoSo, changed)


def add_steps(context: Context, request: dvcqg.CapNhatTienDoHoSoMC) -> None:
    """CapNhatTienDoHoSoMC: a step that is there already is not added again, nor does it move the dossier again.

    Raises:
        WireError: a dossier is unknown.
    """
    table = context.state.table("dossiers")
    for step in request.data:
        if step.MaHoSo not in table:
            raise _not_found(step.MaHoSo)
    for step in request.data:
        dossier = dict(table.get(step.MaHoSo) or {})
        steps = _rows(dossier, "tien_do")
        new: JsonValue = step.model_dump(mode="json")
        if new in steps:
            continue
        dossier["tien_do"] = [*steps, new]
        # A step that is told late does not reopen what has ended (assumed).
        if dossier["TrangThaiHoSo"] not in _TERMINAL:
            dossier["TrangThaiHoSo"] = str(step.TrangThai)
        table.put(step.MaHoSo, dossier)


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
        dossier["TrangThaiHoSo"] = _STATE_OF_REPORT[report.TrangThai]
    table.put(report.MaHoSo, dossier)


def _may_move(state: str, report: str) -> bool:
    # Clients fold 4, 6, 9 and 10 into "2": so a "2" only ever takes a dossier in, and never back from a later state.
    return state in {"1", "5"} if report == "2" else state not in _TERMINAL


def _check_procedure(context: Context, item: dvcqg.Dossier) -> None:
    if context.population.procedure(item.MaTTHC) is None:
        # Not -3: clients read that as "no such dossier", and would insert it again.
        raise WireError(
            FAILED, f"Thủ tục hành chính {item.MaTTHC} không có trong CSDL quốc gia (hồ sơ {item.MaHoSo})"
        )


def _not_found(code: str) -> WireError:
    return WireError(NOT_FOUND, f"Hồ sơ {code} không tồn tại trên Cổng DVCQG")


def _rows(dossier: dict[str, JsonValue], name: str) -> list[JsonValue]:
    rows = dossier.get(name)
    return rows if isinstance(rows, list) else []
