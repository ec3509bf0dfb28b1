"""The life of a one-stop dossier as data: states, transitions with their guard and form, and the clock that stops.

Sources: TrangThaiHoSo of QCVN 120:2019/BTTTT; forms (Mẫu 01-04) of TT 01/2018/TT-VPCP; NĐ 118/2025/NĐ-CP. No public text prints the
transitions: they are the union of what public one-stop systems do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from lgsp.clock import VIETNAM, WorkCalendar

__all__ = [
    "STATES",
    "TRANSITIONS",
    "State",
    "Transition",
    "check_transition",
    "followers",
    "is_final",
    "mermaid",
    "move_due",
    "reachable",
    "stops_clock",
    "transition",
    "working_time",
]


@dataclass(frozen=True, slots=True)
class State:
    """One state of TrangThaiHoSo; while `stops_clock`, the working days of the due date are not counted."""

    code: str
    name: str
    name_vi: str
    stops_clock: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed change of state: what must be true for it, and the form that it is told with."""

    before: str
    after: str
    guard: str
    guard_vi: str
    form: str = ""


STATES: Mapping[str, State] = MappingProxyType(
    {
        state.code: state
        for state in (
            State("1", "registered", "Mới đăng ký"),
            State("2", "accepted", "Được tiếp nhận"),
            State("3", "not accepted", "Không được tiếp nhận"),
            State("4", "in process", "Đang xử lý"),
            State("5", "supplement requested", "Yêu cầu bổ sung giấy tờ", stops_clock=True),
            State("6", "fee requested", "Yêu cầu thực hiện nghĩa vụ tài chính", stops_clock=True),
            State("7", "withdrawn", "Công dân yêu cầu rút hồ sơ"),
            State("8", "stopped", "Dừng xử lý"),
            State("9", "resolved", "Đã xử lý xong"),
            State("10", "returned", "Đã trả kết quả"),
        )
    }
)
"""By code, 1 to 10."""

_ACCEPT = ("valid; the due date is set", "hồ sơ hợp lệ; ấn định ngày hẹn trả", "Mẫu 01")
_REFUSE = ("a reason is given", "nêu rõ lý do", "Mẫu 03")
_ASK_PAPERS = ("says which papers", "nêu rõ giấy tờ cần bổ sung", "Mẫu 02")
_ASK_FEE = ("says which fee", "nêu rõ khoản phải nộp")
_WITHDRAW = ("the citizen asks for it", "theo yêu cầu của công dân")
_STOP = ("a reason is given", "nêu rõ lý do")
_RESOLVE = ("there is a result", "đã có kết quả")
_LATE = ("late: apology and new due date", "quá hạn: xin lỗi và hẹn lại ngày trả", "Mẫu 04")
_SUPPLEMENTED = ("the supplement has arrived; the due date moves", "đã nhận bổ sung; lùi ngày hẹn trả")
_PAID = ("the fee is paid; the due date moves", "đã nộp phí, lệ phí; lùi ngày hẹn trả")

_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("1", "2", _ACCEPT),
    ("1", "3", _REFUSE),
    ("1", "5", _ASK_PAPERS),
    ("1", "6", _ASK_FEE),
    ("1", "7", _WITHDRAW),
    ("2", "2", _LATE),
    ("2", "4", ("handed to the department", "chuyển phòng chuyên môn")),
    ("2", "5", _ASK_PAPERS),
    ("2", "6", _ASK_FEE),
    ("2", "7", _WITHDRAW),
    ("2", "8", _STOP),
    ("2", "9", _RESOLVE),
    ("4", "4", ("the next step; if late, with Mẫu 04", "bước tiếp theo; nếu quá hạn thì kèm Mẫu 04")),
    ("4", "5", _ASK_PAPERS),
    ("4", "6", _ASK_FEE),
    ("4", "7", _WITHDRAW),
    ("4", "8", _STOP),
    ("4", "9", _RESOLVE),
    ("5", "2", _SUPPLEMENTED),
    ("5", "3", ("not supplemented in time", "quá hạn bổ sung", "Mẫu 03")),
    ("5", "4", _SUPPLEMENTED),
    ("5", "7", _WITHDRAW),
    ("5", "8", ("not supplemented in time", "quá hạn bổ sung")),
    ("6", "2", _PAID),
    ("6", "4", _PAID),
    ("6", "7", _WITHDRAW),
    ("6", "8", ("not paid in time", "quá hạn nộp phí, lệ phí")),
    ("9", "4", ("exceptional: the one-stop desk sends it back", "ngoại lệ: một cửa trả lại")),
    ("9", "10", ("the result was handed over", "đã trao kết quả")),
)

TRANSITIONS: tuple[Transition, ...] = tuple(
    Transition(before, after, *rule) for before, after, rule in _TABLE
)
"""Every allowed change of state; what is not here is not allowed."""

_BY_STATES = {(one.before, one.after): one for one in TRANSITIONS}


def transition(before: str, after: str) -> Transition | None:
    """The allowed change of state, or None."""
    return _BY_STATES.get((before, after))


def followers(state: str) -> tuple[str, ...]:
    """The states that may follow."""
    return tuple(one.after for one in TRANSITIONS if one.before == state)


def reachable(state: str) -> frozenset[str]:
    """Every state that may come after this one, at once or later."""
    found: set[str] = set()
    waiting = [state]
    while waiting:
        new = set(followers(waiting.pop())) - found
        found |= new
        waiting += new
    return frozenset(found)


def is_final(state: str) -> bool:
    """Whether nothing can follow: 3, 7, 8 and 10."""
    return not followers(state)


def stops_clock(state: str) -> bool:
    """Whether the working-day clock stands in that state: 5 and 6."""
    return state in STATES and STATES[state].stops_clock


def check_transition(before: str, after: str) -> str:
    """Empty where `after` may follow `before`; else the reason, in Vietnamese and English."""
    for code in (before, after):
        if code not in STATES:
            return f"trạng thái {code!r} không có trong danh mục 1-10 / there is no state {code!r}"
    if transition(before, after) is not None:
        return ""
    old, new, allowed = STATES[before], STATES[after], ", ".join(followers(before))
    why_vi = f"chỉ được chuyển sang {allowed}" if allowed else "hồ sơ đã kết thúc"
    why = f"only {allowed} may follow" if allowed else "the dossier has ended"
    return (
        f"không thể chuyển từ {old.code} ({old.name_vi}) sang {new.code} ({new.name_vi}): {why_vi}"
        f" / {old.code} ({old.name}) cannot become {new.code} ({new.name}): {why}"
    )


def working_time(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """How much of the time between two moments lies on working days; such a day counts whole, as in the due date."""
    total, moment, last = timedelta(0), start.astimezone(VIETNAM), end.astimezone(VIETNAM)
    while moment < last:
        until = min(_midnight_after(moment), last)
        if calendar.is_working_day(moment.date()):
            total += until - moment
        moment = until
    return total


def move_due(calendar: WorkCalendar, due: datetime, paused: timedelta) -> datetime:
    """The due date, later by that much working time (NgayHenTraTruoc -> NgayHenTraMoi)."""
    moment, left = due.astimezone(VIETNAM), paused
    while left > timedelta(0):
        until = _midnight_after(moment)
        if calendar.is_working_day(moment.date()):
            if left < until - moment:
                return moment + left
            left -= until - moment
        moment = until
    return moment if not paused else _first_working_moment(calendar, moment)


def _first_working_moment(calendar: WorkCalendar, moment: datetime) -> datetime:
    while not calendar.is_working_day(moment.date()):
        moment = _midnight_after(moment)
    return moment


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def mermaid(lang: str = "vi") -> str:
    """The state diagram, generated from the table (Mermaid `stateDiagram-v2`)."""
    lines = ["stateDiagram-v2"]
    for state in STATES.values():
        name = state.name_vi if lang == "vi" else state.name
        clock = " ⏸" if state.stops_clock else ""
        lines.append(f'    state "{state.code} {name}{clock}" as s{state.code}')
    lines.append("    [*] --> s1")
    for one in TRANSITIONS:
        guard = one.guard_vi if lang == "vi" else one.guard
        # A colon or a semicolon would end the label.
        label = f"{guard} ({one.form})" if one.form else guard
        lines.append(f"    s{one.before} --> s{one.after}: {label.replace(':', ' -').replace(';', ',')}")
    lines += [f"    s{code} --> [*]" for code in STATES if is_final(code)]
    return "\n".join(lines) + "\n"
