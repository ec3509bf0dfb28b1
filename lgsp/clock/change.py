"""What people type to steer a clock: moments, durations, and the change that they make up."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from lgsp.clock.clocks import VIETNAM
from lgsp.clock.work_calendar import WorkCalendar
from lgsp.errors import WrongValueError

__all__ = ["ClockChange", "bounded", "check_duration", "later", "parse_moment"]

EARLIEST = datetime(2000, 1, 1, tzinfo=VIETNAM)
LATEST = datetime(2100, 1, 1, tzinfo=VIETNAM)
_LONGEST = timedelta(days=3660)
_DURATION = re.compile(r"([1-9][0-9]{0,8})(s|m|h|d|wd)", re.ASCII)
_UNIT = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "wd": timedelta(days=1),
}


def bounded(moment: datetime) -> datetime:
    """The moment in Vietnamese time.

    Raises:
        ValueError: it lies beyond what clocks here may show.
    """
    if not EARLIEST <= moment <= LATEST:
        raise WrongValueError(
            f"clocks here show {EARLIEST:%Y} to {LATEST:%Y}, not {moment:%Y-%m-%d}",
            f"đồng hồ ở đây chỉ đi từ {EARLIEST:%Y} đến {LATEST:%Y}, không đến {moment:%d/%m/%Y}",
        )
    return moment.astimezone(VIETNAM)


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment or day; without a zone it is Vietnamese time.

    Raises:
        ValueError: it is none, or lies beyond what clocks here may show.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongValueError(
            f"{text[:40]!r} is no moment; write 2026-12-01 or 2026-12-01T08:00",
            f"{text[:40]!r} không phải thời điểm; hãy viết như 2026-12-01 hoặc 2026-12-01T08:00",
        ) from None
    return bounded(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM))


def check_duration(text: str) -> str:
    """A duration as people type it, unchanged: 90s, 5m, 2h, 3d, 15wd (working days), up to ten years.

    Raises:
        ValueError: it is none.
    """
    _read(text)
    return text


def later(moment: datetime, duration: str) -> datetime:
    """`moment` moved on by a duration as `check_duration` takes it; working days by `WorkCalendar`.

    Raises:
        ValueError: it is no duration.
    """
    number, unit = _read(duration)
    return WorkCalendar().add_working_days(moment, number) if unit == "wd" else moment + number * _UNIT[unit]


def _read(duration: str) -> tuple[int, str]:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise WrongValueError(
            f"{duration[:40]!r} is no duration; write 90s, 5m, 2h, 3d or 15wd (working days)",
            f"{duration[:40]!r} không phải khoảng thời gian; hãy viết 90s, 5m, 2h, 3d hoặc 15wd (ngày làm việc)",
        )
    number, unit = int(found[1]), found[2]
    if number * _UNIT[unit] > _LONGEST:
        raise WrongValueError(
            f"{duration!r} is too long; ten years at most", f"{duration!r} quá dài; tối đa mười năm"
        )
    return number, unit


def _moment_text(value: Literal[True] | str) -> Literal[True] | str:
    if value is not True:
        parse_moment(value)
    return value


class ClockChange(BaseModel):
    """What `POST /api/clock` and `/__mock__/clock` take: one or more of the three, done in this order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    freeze: Annotated[Literal[True] | str, AfterValidator(_moment_text)] | None = None
    advance: Annotated[str, AfterValidator(check_duration)] | None = None
    resume: Literal[True] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.freeze is None and self.advance is None and self.resume is None:
            raise WrongValueError(
                "give freeze (true or a moment), advance (a duration) or resume (true)",
                "hãy cho freeze (true hoặc một thời điểm), advance (một khoảng) hoặc resume (true)",
            )
        return self
