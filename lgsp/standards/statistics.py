"""Form 06a of the one-stop shop (TT 01/2018/TT-VPCP): what was received, resolved early, on time or late, and what is pending.

Rules: a dossier counts from its valid intake, which appoints a day for its result; one that was not accepted (3) counts too, one that was
withdrawn before it does not. It is resolved when its result is there (state 9), and early, on time or late by the *day*
of that against the appointed one; what was not accepted, withdrawn or stopped (3, 7, 8) counts as returned when it ended. What is
pending at the end of the period is late once its appointed day has passed. So in every row:
carried over + received = resolved + returned + pending.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import NamedTuple

from lgsp.clock import VIETNAM

__all__ = ["RESOLVED", "RETURNED", "AgencyRow", "Case", "DocumentFact", "Row", "form_06a", "form_06a_of"]

NOT_ACCEPTED = "3"
RETURNED = frozenset({NOT_ACCEPTED, "7", "8"})
RESOLVED = frozenset({"9", "10"})
TOTAL = ("", "")


@dataclass(frozen=True, slots=True)
class Case:
    """A dossier as a system knows it. `channel`: 1 counter, 2 online, 3 post; `ended_at`: of state 9, or of the state that ended it."""

    code: str
    unit: str
    field: str
    channel: str
    received_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    state: str


@dataclass(slots=True)
class Row:
    """Counts of one unit and field; the total has neither."""

    unit: str = ""
    field: str = ""
    carried_over: int = 0
    received_counter: int = 0
    received_online: int = 0
    received_post: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    returned: int = 0
    pending_in_time: int = 0
    pending_late: int = 0

    @property
    def received(self) -> int:
        """By any channel, within the period."""
        return self.received_counter + self.received_online + self.received_post

    @property
    def resolved(self) -> int:
        """With a result, within the period."""
        return self.early + self.on_time + self.late

    @property
    def pending(self) -> int:
        """At the end of the period."""
        return self.pending_in_time + self.pending_late


_CHANNELS = {"1": "received_counter", "2": "received_online", "3": "received_post"}


def form_06a(cases: Iterable[Case], start: date, end: date) -> Sequence[Row]:
    """A row for each unit and field, sorted, and the total at the end. `start` and `end` are days, both within the period.

    Raises:
        ValueError: the period ends before it begins.
    """
    return form_06a_of(((case, 1) for case in cases), start, end)


def form_06a_of(cases: Iterable[tuple[Case, int]], start: date, end: date) -> Sequence[Row]:
    """The same of cases that stand for so many like them."""
    if end < start:
        raise ValueError(f"the period ends ({end}) before it begins ({start})")
    rows: dict[tuple[str, str], Row] = {TOTAL: Row()}
    for case, number in cases:
        counted = _counted(case, start, end)
        for key in ((case.unit, case.field), TOTAL):
            row = rows.setdefault(key, Row(*key))
            for name in counted:
                setattr(row, name, getattr(row, name) + number)
    total = rows.pop(TOTAL)
    found = [
        rows[key] for key in sorted(rows) if any(getattr(rows[key], each.name) for each in fields(Row)[2:])
    ]
    return [*found, total]


def _counted(case: Case, start: date, end: date) -> tuple[str, ...]:
    """The columns that this dossier adds one to."""
    if case.due_at is None and case.state != NOT_ACCEPTED:
        return ()
    received = _day(case.received_at)
    ended = _day(case.ended_at) if case.ended_at and case.state in RESOLVED | RETURNED else None
    if received > end or (ended is not None and ended < start):
        return ()
    came = _CHANNELS.get(case.channel, "received_counter") if received >= start else "carried_over"
    due = _day(case.due_at) if case.due_at else None
    if ended is None or ended > end:
        return came, "pending_late" if due is not None and due < end else "pending_in_time"
    if case.state in RETURNED:
        return came, "returned"
    if due is None or ended < due:
        return came, "early"
    return came, "on_time" if ended == due else "late"


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


class DocumentFact(NamedTuple):
    """A document as the indicators count it: issuer and receivers by id and name; `signed`: validly, by its issuer."""

    issuer: str
    issuer_name: str
    receivers: tuple[tuple[str, str], ...]
    at: datetime
    signed: bool


@dataclass(slots=True)
class AgencyRow:
    """What an agency exchanged. `electronic`: sent with a valid signature, and no paper follows (QĐ 28/2018/QĐ-TTg)."""

    id: str
    name: str
    sent: int = 0
    received: int = 0
    signed: int = 0
    electronic: int = 0
