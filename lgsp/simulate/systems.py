"""The year over real HTTP: iOffice sends to the axis and hears every status; dossiers live in iGate and on the portal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from lgsp.bootstrap import Overrides, Running, running
from lgsp.clock import VIETNAM
from lgsp.http_client import HttpClient, HttpTransport
from lgsp.settings import Settings
from lgsp.simulate.clock import AheadClock
from lgsp.simulate.people import People
from lgsp.simulate.plan import Dossier, Paper, Plan, Tally, deeds
from lgsp.simulate.sinks import Progress
from lgsp.simulate.standins import clock_at, gateway_apart, standins
from lgsp.standards.statistics import Row, form_06a
from lgsp.verify import Verification, Verifier

__all__ = ["Day", "SystemsReport", "days", "province", "through_systems"]

_HANDS = 16
_OPEN_AT_MOST = 600
_LOOK_S = 0.5
_LOOKS_AT_MOST = 20
"""Times as long as a look took, until the next: the systems count all their rows for it."""

_STALLED_S = 120.0
_DECIDE_H, _BEGIN_H = 8, 10
"""Hours of the day: what is due on a day is decided before the minute at which it was taken in, so that it is on time."""

_WITH_THE_DEPARTMENT = "4"
_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class SystemsReport:
    """What was done, and what each system holds of it: how many by status. Times in seconds.

    A dossier that is planned to be late gets an apology and a new day (Mẫu 04) from iGate's officers, by which form 06a then judges it.
    """

    plan: Plan
    documents: int
    dossiers: int
    outgoing: dict[str, int]
    received: dict[str, int]
    igate: dict[str, int]
    portal: dict[str, int]
    form: Row
    planned_form: Row
    verification: Verification
    lived_s: float

    @property
    def disagreements(self) -> Sequence[str]:
        """Every count that does not add up; empty is how it should be."""
        pairs: list[tuple[str, object, object]] = [
            ("documents completed in iOffice", self.documents, self.outgoing.get("06", 0)),
            ("documents completed at their receivers", self.documents, self.received.get("06", 0)),
            ("dossiers in iGate", self.dossiers, sum(self.igate.values())),
            ("dossiers on the portal, by state", self.igate, self.portal),
            ("form 06a", _sure(self.planned_form), _sure(self.form)),
            (
                "form 06a: early, at least",
                self.planned_form.early,
                min(self.planned_form.early, self.form.early),
            ),
        ]
        found = [f"{what}: {wanted} expected, {got} counted" for what, wanted, got in pairs if wanted != got]
        if not (self.verification.holds and self.verification.settled):
            lost, doubled = len(self.verification.lost), len(self.verification.doubled)
            found.append(f"the law: {lost} lost, {doubled} doubled, settled: {self.verification.settled}")
        return found


async def through_systems(settings: Settings, plan: Plan, told: Callable[[Progress], None]) -> SystemsReport:
    """Live through the year, a day at a time, in processes of their own: the bus here, and each stand-in.

    Raises:
        ConfigurationError: a part did not start.
    """
    clock = clock_at(datetime(plan.year, 1, 1, tzinfo=VIETNAM))
    async with province(settings, clock) as (system, urls, http):
        year = _Year(plan, system, clock, People(http, urls), told)
        began = time.perf_counter()
        await year.live()
        return await year.report(time.perf_counter() - began)


@asynccontextmanager
async def province(
    settings: Settings, clock: AheadClock
) -> AsyncIterator[tuple[Running, dict[str, str], HttpClient]]:
    """The worker here; gateway, wire tap and each stand-in in processes of their own. What runs, the URLs, and a client for them.

    Raises:
        ConfigurationError: a part did not start.
    """
    async with (
        standins(settings, settings.data_dir, clock) as pointed,
        running(
            pointed, only=frozenset({"worker"}), overrides=Overrides(clock=clock, tap_apart=True)
        ) as system,
        gateway_apart(pointed.model_copy(update={"redis_url": _redis_of(system)}), clock),
        HttpClient(HttpTransport(max_connections=2 * _HANDS), timeout_s=_LIMIT_S) as http,
    ):
        yield system, {name: str(one.url) for name, one in pointed.systems.items()}, http


def _redis_of(system: Running) -> str:
    if system.bus is None:
        raise RuntimeError("a worker has a bus")
    return system.bus.parts.server.url


class _Year:
    def __init__(
        self, plan: Plan, system: Running, clock: AheadClock, people: People, told: Callable[[Progress], None]
    ) -> None:
        self._plan = plan
        self._system = system
        self._clock = clock
        self._people = people
        self._told = told
        self._tally = Tally()
        self._looked_s = 0.0
        self._decided = 0
        self._at = datetime(plan.year, 1, 1, tzinfo=VIETNAM)

    async def live(self) -> None:
        """Each day: decide what ends, begin what comes, and let the open work shrink; at the end, all of it."""
        for day in days(self._plan):
            await self._do(day.on, _DECIDE_H, day.decided)
            await self._do(day.on, _BEGIN_H, day.begun)
            await self._until_open(_OPEN_AT_MOST)
        await self._until_open(0)

    async def _do(self, on: date, hour: int, todo: Iterable[Paper | Dossier]) -> None:
        self._at = datetime(on.year, on.month, on.day, hour, tzinfo=VIETNAM)
        self._clock.set(self._at)
        waiting = iter(todo)
        async with asyncio.TaskGroup() as group:
            for _ in range(_HANDS):
                group.create_task(self._hand(waiting))

    async def _hand(self, todo: Iterator[Paper | Dossier]) -> None:
        for deed in todo:
            await self._people.do(deed)
            self._tally.count(deed)
            self._decided += isinstance(deed, Dossier) and deed.ends

    async def _until_open(self, most: int) -> None:
        """Until at most that many documents are open, and each dossier is where it stays tonight; or nothing changes for two minutes."""
        last, since = _Open(-1, -1), time.monotonic()
        while (still := await self._open()) != last or time.monotonic() - since < _STALLED_S:
            if still.documents <= most and not still.dossiers:
                return
            if still != last:
                last, since = still, time.monotonic()
            await asyncio.sleep(max(_LOOK_S, _LOOKS_AT_MOST * self._looked_s))

    async def _open(self) -> "_Open":
        """Documents without their last status, and dossiers of which the portal does not know yet what was decided or begun."""
        began = time.monotonic()
        outgoing = await self._people.counts_by("ioffice", "documents", "status")
        portal = await self._people.counts_by("portal", "dossiers", "TrangThaiHoSo")
        self._looked_s = time.monotonic() - began
        tally, done, ended = self._tally, outgoing.get("06", 0), _ended(portal)
        waiting = min(portal.get(_WITH_THE_DEPARTMENT, 0), tally.dossiers - self._decided)
        still = _Open(tally.documents - done, tally.dossiers - ended - waiting)
        begun = tally.documents + tally.dossiers
        self._told(Progress(self._at, begun, begun - sum(still), sum(still)))
        return still

    async def report(self, lived_s: float) -> SystemsReport:
        """Ask everybody."""
        if self._system.bus is None or self._system.store is None:
            raise RuntimeError("a bus was started")
        verifier, people = Verifier(self._system.bus.waiting, self._system.store), self._people
        async with asyncio.timeout(_STALLED_S):
            while await verifier.on_the_way():  # noqa: ASYNC110 - what another room does has no event of ours
                await asyncio.sleep(_LOOK_S)
        cases, whole = await self._system.store.dossier_cases(), _days_of(self._plan.year)
        return SystemsReport(
            self._plan, self._tally.documents, self._tally.dossiers,
            await people.counts_by("ioffice", "documents", "status"), await people.counts_by("axis", "external_documents", "status"),
            await people.counts_by("igate", "dossiers", "status"), await people.counts_by("portal", "dossiers", "TrangThaiHoSo"),
            form_06a(cases, *whole)[-1], form_06a(self._tally.cases.values(), *whole)[-1], await verifier.verify(), lived_s,
        )  # fmt: skip


class Day(NamedTuple):
    """What people do on a day: the dossiers that they decide or withdraw, and what they begin, dossiers first."""

    on: date
    decided: list[Dossier]
    begun: list[Paper | Dossier]


class _Open(NamedTuple):
    documents: int
    dossiers: int


def days(plan: Plan) -> Iterator[Day]:
    """Each day on which people do something."""
    for on, all_deeds in groupby(deeds(plan), lambda one: one[0].astimezone(VIETNAM).date()):
        day = [deed for _, deed in all_deeds]
        dossiers = [deed for deed in day if isinstance(deed, Dossier)]
        papers = [deed for deed in day if isinstance(deed, Paper)]
        begun = [one for one in dossiers if not one.step]
        yield Day(on, [one for one in dossiers if one.ends], [*begun, *papers])


def _days_of(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _sure(form: Row) -> dict[str, int]:
    """What an officer's apology for being late does not change."""
    return {
        "counter": form.received_counter, "online": form.received_online, "post": form.received_post,
        "resolved": form.resolved, "returned": form.returned, "pending": form.pending,
    }  # fmt: skip


def _ended(by_state: dict[str, int]) -> int:
    return sum(by_state.get(state, 0) for state in ("3", "7", "8", "10"))
