"""The year with systems in this process that only count: what the bus, its server and its store can do."""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from ctypes import c_longlong
from dataclasses import dataclass
from datetime import date, datetime

from lgsp.adapter import Delivery, Receipt
from lgsp.bootstrap import Overrides, running
from lgsp.bus import Bus
from lgsp.clock import VIETNAM
from lgsp.errors import ConfigurationError
from lgsp.settings import Settings
from lgsp.simulate.clock import YearClock
from lgsp.simulate.plan import Plan, Tally
from lgsp.simulate.publisher import Shared, Target, publish_year
from lgsp.standards.statistics import Row, form_06a
from lgsp.store import MessageStore
from lgsp.verify import Verification, Verifier

__all__ = ["Progress", "SinksReport", "through_sinks"]

_SPAWN = multiprocessing.get_context("spawn")
_LOOK_S = 0.25
_UNDELIVERED = ("inbox", "out:", "held:")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: the moment in the year, messages accepted, delivered, and what still waits to be."""

    moment: datetime
    accepted: int
    delivered: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SinksReport:
    """What was planned, what came, what the law says, and what it took. Times in seconds, memory in bytes."""

    plan: Plan
    tally: Tally
    came: dict[str, int]
    verification: Verification
    form: Row
    planned_form: Row
    delivered_s: float
    stored_s: float
    verified_s: float
    server_peak_bytes: int

    @property
    def disagreements(self) -> Sequence[str]:
        """Every count that does not add up; empty is how it should be."""
        counts, tally = self.verification.counts, self.tally
        expected = {
            "ioffice": tally.inside + tally.into,
            "axis": tally.out,
            "portal": tally.dossiers + tally.steps,
        }
        pairs = [
            ("messages accepted", tally.messages, counts.accepted),
            ("form 06a", self.planned_form, self.form),
        ]
        pairs += [(f"arrived at {name}", count, self.came[name]) for name, count in expected.items()]
        found = [f"{what}: planned {wanted}, counted {got}" for what, wanted, got in pairs if wanted != got]
        if not (self.verification.holds and self.verification.settled):
            lost, doubled = len(self.verification.lost), len(self.verification.doubled)
            found.append(f"the law: {lost} lost, {doubled} doubled, settled: {self.verification.settled}")
        return found


class _Sink:
    """A system that takes everything and counts it."""

    def __init__(self, arrived: c_longlong) -> None:
        self.count = 0
        self._arrived = arrived

    async def send(self, delivery: Delivery) -> Receipt:
        self.count += 1
        self._arrived.value += 1
        return Receipt(delivery.message.id)


async def through_sinks(settings: Settings, plan: Plan, told: Callable[[Progress], None]) -> SinksReport:
    """Live through the year on a bus of its own in `settings.data_dir`, which must not hold one already.

    Raises:
        ConfigurationError: there is data already; a second year of the same messages would be one repeat.
    """
    year = _Year(plan, told, settings.systems)
    async with _own_bus(settings, year) as (bus, store):
        began = time.perf_counter()
        tally = await year.live(bus)
        delivered_s = time.perf_counter() - began
        verifier = Verifier(bus.waiting, store)
        while await verifier.on_the_way():  # noqa: ASYNC110 - what another room does has no event of ours
            await asyncio.sleep(_LOOK_S)
        stored_s = time.perf_counter() - began
        verification = await verifier.verify()
        first, last = date(plan.year, 1, 1), date(plan.year, 12, 31)
        form = form_06a(await store.dossier_cases(), first, last)[-1]
        memory = await bus.parts.server.information("memory")
        return SinksReport(
            plan, tally, {name: sink.count for name, sink in year.sinks.items()}, verification, form,
            form_06a(tally.cases.values(), first, last)[-1], delivered_s, stored_s, time.perf_counter() - began,
            int(memory["used_memory_peak"]),
        )  # fmt: skip


class _Year:
    """Two processes that share a moment: one publishes, this one works."""

    def __init__(self, plan: Plan, told: Callable[[Progress], None], systems: Iterable[str]) -> None:
        self._plan = plan
        self._told = told
        # Each has one writer, so they need no locks, for which the worker would wait several times a message.
        moment, accepted, arrived = (_SPAWN.Value(kind, 0, lock=False) for kind in "dqq")
        self._shared = Shared(moment, accepted, arrived)
        self.sinks = {name: _Sink(arrived) for name in systems}
        self.clock = YearClock(moment)
        self.clock.set(datetime(plan.year, 1, 1, tzinfo=VIETNAM))

    async def live(self, bus: Bus) -> Tally:
        """Until the last message has come."""
        parts = bus.parts
        systems = tuple(sorted(self.sinks))
        target = Target(
            parts.server.url, systems, parts.keys.partitions, parts.max_waiting, parts.router.routes
        )
        with ProcessPoolExecutor(1, _SPAWN, _keep, (self._shared,)) as process:
            publishing = asyncio.get_running_loop().run_in_executor(process, _publish, target, self._plan)
            while True:
                ended, _ = await asyncio.wait({publishing}, timeout=_LOOK_S)
                waiting = sum(
                    count for name, count in (await bus.waiting()).items() if name.startswith(_UNDELIVERED)
                )
                came, accepted = sum(sink.count for sink in self.sinks.values()), self._shared.accepted.value
                self._told(Progress(self.clock.now(), accepted, came, waiting))
                if not waiting:  # what died on the way is not waited for
                    self._shared.arrived.value = max(self._shared.arrived.value, accepted)
                if ended and not waiting:
                    return publishing.result()


@asynccontextmanager
async def _own_bus(settings: Settings, year: _Year) -> AsyncIterator[tuple[Bus, MessageStore]]:
    if await asyncio.to_thread((settings.data_dir / "messages.db").exists):
        raise ConfigurationError(
            f"{settings.data_dir} holds a message store already; give an empty --data-dir"
        )
    # Nothing goes over a wire, so its log would keep nothing.
    own = settings.model_copy(update={"redis_url": None, "store_url": "", "wire_log": False})
    overrides = Overrides(clock=year.clock, adapters=year.sinks, tap_apart=True)
    async with running(own, only=frozenset({"worker"}), overrides=overrides) as system:
        if system.bus is None or system.store is None:
            raise ConfigurationError("the simulation needs a bus and a store")
        yield system.bus, system.store


_shared: Shared | None = None


def _keep(shared: Shared) -> None:
    """Shared values reach a process only when it begins."""
    global _shared  # noqa: PLW0603 - as above
    _shared = shared


def _publish(target: Target, plan: Plan) -> Tally:
    if _shared is None:
        raise RuntimeError("the publisher's process was not begun by this module")
    return publish_year(target, plan, _shared)
