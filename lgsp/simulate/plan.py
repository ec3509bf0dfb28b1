"""What happens in the year: documents and dossiers in the order of time, the same from the same seed.

Shares: Kon Tum 2019 sent 144,922 of its 3,465,891 documents out of the province; about 78 % of what was sent was signed, 95 % went
without paper. Two dossiers in three are early (2019 and 2020 reports). That as many documents come in as go out is assumed, and so
are the lengths of lives and the channels.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.simulate.offices import hours_of
from lgsp.standards.statistics import Case

__all__ = ["Deed", "Dossier", "Paper", "Plan", "Tally", "deeds"]

_OUT = 144_922 / 3_465_891
_SIGNED, _ELECTRONIC = 0.78, 0.95
_EARLY, _ON_TIME, _WITHDRAWN = 0.667, 0.977, 0.03
_ONLINE, _POST = 0.35, 0.37
_LIMITS = (3, 5, 10, 15, 15, 20)
"""Working days that procedures give."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, and which year. `speed`: how many times faster than life; 0 is as fast as it goes. `out_only`: every document leaves
    the province, as in what iOffice sent by the axis.
    """

    year: int
    documents: int = 3_465_891
    dossiers: int = 28_458
    seed: int = 34
    speed: float = 0.0
    out_only: bool = False


class Paper(NamedTuple):
    """A document. `direction`: inside the province, out to the axis, or in from there."""

    number: int
    direction: str
    signed: bool
    electronic: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One moment in a dossier's life: `state` it comes to at this moment, as step `step` (0: it was taken in); its procedure gives
    `days` working days.
    """

    number: int
    channel: str
    state: str
    step: int
    accepted_at: datetime
    due_at: datetime
    ended_at: datetime
    ends_as: str
    days: int

    @property
    def ends(self) -> bool:
        """Whether this is the moment of the result, or of the withdrawal."""
        return self.state == self.ends_as


Deed = tuple[datetime, Paper | Dossier]


@dataclass(slots=True)
class Tally:
    """What was planned, counted while it was handed out; `cases` are the dossiers as the year's end finds them."""

    inside: int = 0
    out: int = 0
    into: int = 0
    signed: int = 0
    electronic: int = 0
    dossiers: int = 0
    steps: int = 0
    cases: dict[int, Case] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        """In any direction."""
        return self.inside + self.out + self.into

    @property
    def messages(self) -> int:
        """On the bus: each document, each intake and each step of a dossier."""
        return self.documents + self.dossiers + self.steps

    def facts(self) -> dict[str, int]:
        """The counts by name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "cases"}

    def count(self, deed: Paper | Dossier) -> None:
        """Take a deed into account."""
        if isinstance(deed, Paper):
            self.inside += deed.direction == "inside"
            self.out += deed.direction == "out"
            self.into += deed.direction == "into"
            self.signed += deed.signed
            self.electronic += deed.electronic
            return
        self.dossiers += deed.step == 0
        self.steps += deed.step > 0
        before = self.cases.get(deed.number)
        ended = before.ended_at if before else None
        if ended is None and deed.state in {"7", "9"}:
            ended = deed.ended_at
        self.cases[deed.number] = Case(
            str(deed.number), "H34", "", deed.channel, deed.accepted_at, deed.due_at, ended, deed.state
        )


def deeds(plan: Plan) -> Iterator[Deed]:
    """All that happens, oldest first. What a dossier would do after the year's end is left out."""
    calendar = WorkCalendar()
    papers = _papers(plan, calendar)
    dossiers = _dossiers(plan, calendar)
    return heapq.merge(papers, dossiers, key=lambda deed: deed[0])


def _papers(plan: Plan, calendar: WorkCalendar) -> Iterator[Deed]:
    chance = random.Random(f"papers {plan.seed}")  # noqa: S311 - invented traffic, not secrets
    number = 0
    for hour, count in hours_of(plan.year, plan.documents, calendar):
        for place in range(count):
            drawn = chance.random()
            direction = "out" if plan.out_only or drawn < _OUT else "into" if drawn < 2 * _OUT else "inside"
            paper = Paper(number, direction, chance.random() < _SIGNED, chance.random() < _ELECTRONIC)
            yield hour + timedelta(hours=(place + 0.5) / count), paper
            number += 1


def _dossiers(plan: Plan, calendar: WorkCalendar) -> Iterator[Deed]:
    """Intakes as they come, and before each the steps of earlier dossiers that are due by then."""
    chance = random.Random(f"dossiers {plan.seed}")  # noqa: S311
    coming: list[tuple[datetime, int, Dossier]] = []
    number = 0
    for hour, count in hours_of(plan.year, plan.dossiers, calendar):
        for place in range(count):
            at = (hour + timedelta(hours=(place + 0.5) / count)).replace(microsecond=0)
            while coming and coming[0][0] <= at:
                moment, _, deed = heapq.heappop(coming)
                yield moment, deed
            intake = _drawn(number, at, chance, calendar)
            yield at, intake
            for moment, step in _steps(intake, chance, calendar):
                heapq.heappush(coming, (moment, number, step))
            number += 1
    end = datetime(plan.year + 1, 1, 1, tzinfo=VIETNAM)
    while coming and coming[0][0] < end:
        moment, _, deed = heapq.heappop(coming)
        yield moment, deed


def _drawn(number: int, at: datetime, chance: random.Random, calendar: WorkCalendar) -> Dossier:
    days, drawn = chance.choice(_LIMITS), chance.random()
    due = calendar.add_working_days(at, days)
    if drawn < _EARLY:
        ended = calendar.add_working_days(at, chance.randint(1, days - 1))
    elif drawn < _ON_TIME:
        ended = due - timedelta(minutes=30)
    else:
        ended = calendar.add_working_days(due, chance.randint(1, 5))
    way = chance.random()
    channel = "2" if way < _ONLINE else "3" if way < _POST else "1"
    ends_as = "7" if chance.random() < _WITHDRAWN else "9"
    return Dossier(number, channel, "2", 0, at, due, ended, ends_as, days)


def _steps(
    intake: Dossier, chance: random.Random, calendar: WorkCalendar
) -> Iterator[tuple[datetime, Dossier]]:
    handed_on = intake.accepted_at + (intake.ended_at - intake.accepted_at) * chance.uniform(0.02, 0.2)
    yield handed_on, replace(intake, state="4", step=1)
    yield intake.ended_at, replace(intake, state=intake.ends_as, step=2)
    if intake.ends_as == "9":
        yield calendar.add_working_days(intake.ended_at, 1), replace(intake, state="10", step=3)
