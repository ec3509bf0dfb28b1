"""The year over real HTTP: iOffice sends to the axis and hears every status; dossiers live in iGate and on the portal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

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

__all__ = ["SystemsReport", "mornings", "province", "through_systems"]

_HANDS = 16
_OPEN_AT_MOST = 600
_LOOK_S = 0.5
_LOOKS_AT_MOST = 20
"""Times as long as a look took, until the next: the systems count all their rows for it."""

_STALLED_S = 120.0
_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class SystemsReport:
    """What was done, and what each system holds of it: how many by status. Times in seconds."""

    plan: Plan
    documents: int
    dossiers: int
    outgoing: dict[str, int]
    received: dict[str, int]
    igate: dict[str, int]
    portal: dict[str, int]
    form: Row
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
            ("form 06a: received", self.dossiers, self.form.received),
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
        self._at = datetime(plan.year, 1, 1, tzinfo=VIETNAM)

    async def live(self) -> None:
        """Each day: move the clock, do what the day has, and let the open work shrink; at the end, all of it."""
        for day, todo in mornings(self._plan):
            self._at = day
            self._clock.set(day)
            waiting = iter(todo)
            async with asyncio.TaskGroup() as group:
                for _ in range(_HANDS):
                    group.create_task(self._hand(waiting))
            await self._until_open(_OPEN_AT_MOST)
        await self._until_open(0)

    async def _hand(self, todo: Iterator[Paper | Dossier]) -> None:
        for deed in todo:
            await self._people.do(deed)
            self._tally.count(deed)

    async def _until_open(self, most: int) -> None:
        """Until no more than that many are open, or nothing has changed for two minutes."""
        last, since = -1, time.monotonic()
        while (still := await self._open()) > most and time.monotonic() - since < _STALLED_S:
            if still != last:
                last, since = still, time.monotonic()
            await asyncio.sleep(max(_LOOK_S, _LOOKS_AT_MOST * self._looked_s))

    async def _open(self) -> int:
        """Documents without their last status, and dossiers that have not ended on both sides."""
        began = time.monotonic()
        outgoing = await self._people.counts_by("ioffice", "documents", "status")
        portal = await self._people.counts_by("portal", "dossiers", "TrangThaiHoSo")
        self._looked_s = time.monotonic() - began
        tally = self._tally
        done, ended = outgoing.get("06", 0), _ended(portal)
        self._told(
            Progress(
                self._at,
                tally.documents + tally.dossiers,
                done + ended,
                tally.documents + tally.dossiers - done - ended,
            )
        )
        return tally.documents - done + tally.dossiers - ended

    async def report(self, lived_s: float) -> SystemsReport:
        """Ask everybody."""
        if self._system.bus is None or self._system.store is None:
            raise RuntimeError("a bus was started")
        verifier, people = Verifier(self._system.bus.waiting, self._system.store), self._people
        async with asyncio.timeout(_STALLED_S):
            while await verifier.on_the_way():  # noqa: ASYNC110 - what another room does has no event of ours
                await asyncio.sleep(_LOOK_S)
        year = self._plan.year
        cases = await self._system.store.dossier_cases()
        return SystemsReport(
            self._plan, self._tally.documents, self._tally.dossiers,
            await people.counts_by("ioffice", "documents", "status"), await people.counts_by("axis", "external_documents", "status"),
            await people.counts_by("igate", "dossiers", "status"), await people.counts_by("portal", "dossiers", "TrangThaiHoSo"),
            form_06a(cases, date(year, 1, 1), date(year, 12, 31))[-1], await verifier.verify(), lived_s,
        )  # fmt: skip


def mornings(plan: Plan) -> Iterator[tuple[datetime, list[Paper | Dossier]]]:
    """The morning of each day, and what people begin on it."""
    begun = ((at, deed) for at, deed in deeds(plan) if isinstance(deed, Paper) or not deed.step)
    for day, todo in groupby(begun, lambda one: one[0].astimezone(VIETNAM).date()):
        yield datetime(day.year, day.month, day.day, 8, tzinfo=VIETNAM), [deed for _, deed in todo]


def _ended(by_state: dict[str, int]) -> int:
    return sum(by_state.get(state, 0) for state in ("3", "7", "8", "10"))
