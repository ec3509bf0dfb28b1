"""How the flow stands, system by system, with a light for each."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lgsp.bus import SystemView
from lgsp.errors import LgspError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import iso
from lgsp.store import Flow

__all__ = ["FlowOverview", "FlowView", "SystemFlow"]

MINUTE_MS, DAY_MS = 60_000, 86_400_000
YELLOW_MS, RED_MS = 5_000, 60_000
"""Ages of the oldest message that waits for a system."""
FRESH_S, CALM = 1.0, 10.0
"""A look is shared for a second, and for ten times as long as it took: watching a busy province costs a tenth of a processor at most."""
Light = Literal["green", "yellow", "red"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class FaultView(_View):
    """A fault that is switched on at the stand-in."""

    kind: str
    expires_at: str


class SystemFlow(_View):
    """One system. Counts of messages by their acceptance; `oldest_waiting_ms` is the age of the oldest that has not arrived there.

    `reasons` of the light: away, waiting, held, faults, dead. `stand_in` null: it is no stand-in or could not be asked.
    """

    name: str
    from_minute: int
    from_day: int
    to_minute: int
    to_day: int
    waiting: int
    held: int
    oldest_waiting_ms: int
    retrying: int
    dead: int
    away: str
    faults: tuple[FaultView, ...]
    light: Light
    reasons: tuple[str, ...]


class FlowView(_View):
    """All systems; `others` published over the gateway without being one of them."""

    at: str
    systems: tuple[SystemFlow, ...]
    others_minute: int
    others_day: int
    inbox: int
    dead: int
    refused: int


class FlowOverview:
    """Answers everybody who asks within a second, or longer where looking takes long, with one look."""

    def __init__(self, services: GatewayServices, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._monotonic = monotonic
        self._looking = asyncio.Lock()
        self._seen: FlowView | None = None
        self._fresh_until = 0.0

    async def view(self) -> FlowView:
        """The state, a moment old."""
        async with self._looking:
            began = self._monotonic()
            if self._seen is None or began >= self._fresh_until:
                self._seen = await self._look()
                ended = self._monotonic()
                self._fresh_until = ended + max(FRESH_S, CALM * (ended - began))
            return self._seen

    async def _look(self) -> FlowView:
        services = self._services
        now_ms = int(services.clock.now().timestamp() * 1000)
        until_ms = now_ms + MINUTE_MS
        minute, day, oldest, waiting, systems = await asyncio.gather(
            services.store.flows(since_ms=now_ms - MINUTE_MS, until_ms=until_ms),
            services.store.flows(since_ms=now_ms - DAY_MS, until_ms=until_ms),
            services.store.waiting_since(),
            services.waiting(),
            self._systems(),
        )
        faults = dict(
            zip(
                (one.name for one in systems),
                await asyncio.gather(*(self._faults(one) for one in systems)),
                strict=True,
            )
        )
        ages = {system: max(0, now_ms - since_ms) for system, since_ms in oldest.items()}
        names = {f"/systems/{one.name}" for one in systems}
        return FlowView(
            at=iso(now_ms),
            systems=tuple(
                _system(one, minute, day, ages.get(one.name, 0), faults[one.name]) for one in systems
            ),
            others_minute=sum(flow.messages for flow in minute if flow.source not in names),
            others_day=sum(flow.messages for flow in day if flow.source not in names),
            inbox=waiting.get("inbox", 0),
            dead=waiting.get("dead", 0),
            refused=waiting.get("invalid", 0),
        )

    async def _systems(self) -> Sequence[SystemView]:
        return await self._services.standing.systems() if self._services.standing is not None else ()

    async def _faults(self, system: SystemView) -> tuple[FaultView, ...]:
        stand_ins = self._services.stand_ins
        if stand_ins is None or system.name not in stand_ins.urls:
            return ()
        with suppress(LgspError, TimeoutError):
            async with asyncio.timeout(1.0):
                found = await stand_ins.ask(system.name, "GET", "faults")
            rows = found if isinstance(found, list) else []
            return tuple(
                FaultView(kind=str(row.get("kind")), expires_at=str(row.get("expires_at")))
                for row in rows
                if isinstance(row, dict)
            )
        return ()


def _system(
    one: SystemView,
    minute: Sequence[Flow],
    day: Sequence[Flow],
    oldest_ms: int,
    faults: tuple[FaultView, ...],
) -> SystemFlow:
    source = f"/systems/{one.name}"
    states = _states(one.name, day)
    away = next((each.reason for each in (one.circuit, one.polling) if each is not None and each.is_open), "")
    troubles = {
        "away": bool(away),
        "waiting": oldest_ms >= YELLOW_MS,
        "held": one.held > 0,
        "faults": bool(faults),
        "dead": states.get("dead", 0) > 0,
    }
    reasons = tuple(name for name, there in troubles.items() if there)
    light: Light = "red" if away or oldest_ms >= RED_MS else "yellow" if reasons else "green"
    return SystemFlow(
        name=one.name,
        from_minute=sum(flow.messages for flow in minute if flow.source == source),
        from_day=sum(flow.messages for flow in day if flow.source == source),
        to_minute=sum(_states(one.name, minute).values()),
        to_day=sum(states.values()),
        waiting=one.waiting,
        held=one.held,
        oldest_waiting_ms=oldest_ms,
        retrying=states.get("retrying", 0),
        dead=states.get("dead", 0),
        away=away,
        faults=faults,
        light=light,
        reasons=reasons,
    )


def _states(name: str, flows: Sequence[Flow]) -> Mapping[str, int]:
    """How the messages that were routed to it stand there."""
    found: dict[str, int] = {}
    for flow in flows:
        for system, state in flow.systems:
            if system == name:
                found[state] = found.get(state, 0) + flow.messages
    return found
