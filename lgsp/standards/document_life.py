"""The life of a document at each of its receivers (QĐ 28/2018/QĐ-TTg): which status follows which, and until when.

Statuses travel late, twice and out of order. The rule: a report that says more than what is known is applied, also where steps in
between were never heard of; one that says the same or less is noted and changes nothing; one that can't be true is noted as a fault.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from lgsp.clock import VIETNAM, WorkCalendar

__all__ = ["ANSWERS", "NAMES", "Applied", "Life", "Verdict", "apply", "next_steps", "report_due"]

NAMES = {
    "01": "Đã đến", "02": "Từ chối tiếp nhận", "03": "Đã tiếp nhận", "04": "Phân công xử lý", "05": "Đang xử lý", "06": "Hoàn thành",
    "13": "Lấy lại", "15": "Đồng ý cập nhật / lấy lại", "16": "Từ chối cập nhật / lấy lại",
}  # fmt: skip
ANSWERS = frozenset({"15", "16"})
_RANK = {"": 0, "01": 1, "02": 2, "03": 3, "04": 4, "05": 5, "06": 6}
_FOLLOWING = {"": ("01",), "01": ("03", "02"), "03": ("04", "05", "06"), "04": ("05", "06"), "05": ("06",)}


class Verdict(StrEnum):
    """What a report does to what is known."""

    APPLIED = "applied"
    NOTED = "noted"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a document at one receiver: its last status, and the state of the sender's last request for a change.

    `request`: "" none, "asked", "agreed", "refused".
    """

    status: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The life after a report, and what the report did; `reason` says what was wrong with it."""

    life: Life
    verdict: Verdict
    reason: str = ""
    reason_vi: str = ""


def apply(life: Life, code: str) -> Applied:
    """What a status report (or the sender's 13) does."""
    if code == "13":
        return Applied(Life(life.status, "asked"), Verdict.APPLIED)
    if code in ANSWERS:
        return _answered(life, code)
    if life.status == "02" and _RANK[code] > _RANK["02"]:
        wrong = f"{code} after 02: the receiver had refused the document"
        return Applied(life, Verdict.FAULT, wrong, f"{code} sau 02: nơi nhận đã từ chối văn bản")
    if code == "02" and _RANK[life.status] > _RANK["02"]:
        wrong = f"02 after {life.status}: the document was already taken in"
        return Applied(life, Verdict.FAULT, wrong, f"02 sau {life.status}: văn bản đã được tiếp nhận")
    if _RANK[code] <= _RANK[life.status]:
        return Applied(
            life,
            Verdict.NOTED,
            f"{code} says no more than {life.status}",
            f"{code} không mới hơn {life.status}",
        )
    return Applied(Life(code, life.request), Verdict.APPLIED)


def _answered(life: Life, code: str) -> Applied:
    answer = "agreed" if code == "15" else "refused"
    if life.request == answer:
        return Applied(life, Verdict.NOTED, f"{code} again", f"{code} lặp lại")
    if life.request != "asked":
        wrong = f"{code} answers a request that was never made, or was answered otherwise"
        return Applied(
            life, Verdict.FAULT, wrong, f"{code} trả lời một đề nghị không có hoặc đã được trả lời khác"
        )
    return Applied(Life(life.status, answer), Verdict.APPLIED)


def next_steps(status: str) -> tuple[str, ...]:
    """The statuses that a receiver may report next; the first is the usual one."""
    return _FOLLOWING.get(status, ())


def report_due(code: str, arrived: datetime, priority: int, calendar: WorkCalendar) -> datetime | None:
    """Until when the receiver has to have taken the document in or refused it (03, 02); None where nothing is prescribed.

    Within the working day of its arrival, or the next one where it came outside of it; urgent ones (priority from 1) at once,
    which is taken as within the hour (assumed).
    """
    if code not in {"02", "03"}:
        return None
    local = arrived.astimezone(VIETNAM)
    if priority > 0:
        return local + timedelta(hours=1)
    in_office = calendar.is_working_day(local.date()) and local.time() < time(17)
    day = local if in_office else calendar.add_working_days(local, 1)
    return datetime.combine(day.date(), time(17), VIETNAM)
