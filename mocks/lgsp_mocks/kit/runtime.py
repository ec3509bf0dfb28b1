"""What runs behind a stand-in's application."""

import asyncio
from dataclasses import dataclass, field

import structlog

from lgsp.clock import Clock
from lgsp_mocks.kit.expectations import Expectations
from lgsp_mocks.kit.faults import Faults, Place
from lgsp_mocks.kit.journal import Journal
from lgsp_mocks.kit.skew import skewed_by
from lgsp_mocks.kit.standin import Context, Parts, StandIn

__all__ = ["Runtime"]

log = structlog.get_logger()
TICK_S = 0.1


@dataclass
class Runtime:
    """One running stand-in. Rounds of its autopilot never overlap. `clock` is the true one; the context's can be skewed."""

    stand_in: StandIn
    context: Context
    parts: Parts
    clock: Clock
    faults: Faults
    journal: Journal
    expectations: Expectations
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tick(self) -> int:
        """One round of the autopilot; what it did is stored before this returns."""
        if self.parts.tick is None:
            return 0
        async with self.turn:
            skew = self.faults.meet(["clock_skew"], Place("/people", "people"))
            with skewed_by(skew.skew_s if skew else None):
                actions = await self.parts.tick()
            await self.context.state.commit()
            return actions

    async def autopilot(self) -> None:
        """Round after round, until cancelled; a round that fails is reported and the next one goes on."""
        while True:
            try:
                await self.tick()
            except Exception:
                log.exception("autopilot.failed", standin=self.stand_in.name)
            await self.clock.sleep(TICK_S)
