"""Stage: plays one scenario at a time while people watch."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

from lgsp.errors import ConfigurationError
from lgsp.scenario.playing import Progress, State, paced, play
from lgsp.scenario.reading import Scenario
from lgsp.scenario.world import World

__all__ = ["STOPPED", "Stage"]

STOPPED = "stopped"
"""`Stage.failure` of what a person stopped."""


class Stage:
    """`scenario` and `steps` are of the one that is on, or was last; each step as it stands now."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._task: asyncio.Task[None] | None = None
        self.scenario: Scenario | None = None
        self.steps: dict[int, Progress] = {}
        self.failure = ""

    @property
    def is_on(self) -> bool:
        """Whether a scenario is being played."""
        return self._task is not None and not self._task.done()

    @property
    def passed(self) -> bool:
        """Whether the last one was played to its end, and every step was so."""
        if self.is_on or self.failure or self.scenario is None:
            return False
        ended = [step.state is State.PASSED for step in self.steps.values()]
        return bool(ended) and all(ended) and len(ended) == len(self.scenario.lines)

    def start(self, scenario: Scenario, *, pause_s: float) -> None:
        """Play it, with so long between two steps.

        Raises:
            ConfigurationError: another one is on.
        """
        if self.is_on:
            raise ConfigurationError("a scenario is being played; wait for its end, or stop it")
        self.scenario, self.steps, self.failure = scenario, {}, ""
        self._task = asyncio.create_task(self._play(scenario, pause_s), name="scenario")

    async def stop(self) -> None:
        """End it where it is; what it switched on is switched off."""
        if self._task is not None:
            if not self._task.done():
                self.failure = STOPPED
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            for step in self.steps.values():
                if step.state is State.RUNNING:
                    self.steps[step.index] = replace(step, state=State.SKIPPED)

    async def _play(self, scenario: Scenario, pause_s: float) -> None:
        try:
            async with aclosing(play(scenario, self._world, before=paced(pause_s))) as progress:
                async for step in progress:
                    self.steps[step.index] = step
        except Exception as exc:  # noqa: BLE001 - who watches is told
            self.failure = f"{type(exc).__name__}: {exc}"[:500]
