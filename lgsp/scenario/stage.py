"""Stage: plays one scenario at a time while people watch, at a pace or one step at a time."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from enum import StrEnum

from lgsp.errors import LgspError
from lgsp.scenario.playing import Progress, State, play
from lgsp.scenario.reading import Scenario
from lgsp.scenario.world import NOTHING, Said, World

__all__ = ["PATIENCE_S", "Stage", "StageError", "StageState"]

PATIENCE_S = 1800.0
"""So long a scenario waits for somebody to ask for its next step; then it is ended, and what it switched on is off."""
_STOPPED = Said("stopped", "đã dừng")


class StageError(LgspError):
    """The stage can't do that now: another scenario is on, none is, or none waits for its next step."""

    code = "lgsp.stage"


class StageState(StrEnum):
    """How the stage stands. `waiting`: paused, before the step `upcoming`; `running` may have been told to pause behind its step."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"


class Stage:
    """`scenario` and `steps` are of the one that is on, or was last; each step as it stands now. `pause_s`: real seconds between steps."""

    def __init__(self, world: World, *, patience_s: float = PATIENCE_S) -> None:
        self._world = world
        self._patience_s = patience_s
        self._task: asyncio.Task[None] | None = None
        self._go, self._changed = asyncio.Event(), asyncio.Event()
        self.scenario: Scenario | None = None
        self.steps: dict[int, Progress] = {}
        self.upcoming: int | None = None
        self.failure = NOTHING
        self.pause_s = 0.0
        self.is_paused = self._is_resting = False

    @property
    def is_on(self) -> bool:
        """Whether a scenario is being played."""
        return self._task is not None and not self._task.done()

    @property
    def state(self) -> StageState:
        """How it stands."""
        if self.scenario is None:
            return StageState.IDLE
        if self.is_on:
            return StageState.WAITING if self.is_paused and self.upcoming is not None else StageState.RUNNING
        if self.failure == _STOPPED:
            return StageState.STOPPED
        ended = [step.state is State.PASSED for step in self.steps.values()]
        passed = not self.failure and all(ended) and 0 < len(ended) == len(self.scenario.lines)
        return StageState.PASSED if passed else StageState.FAILED

    @property
    def key(self) -> str:
        """The document or dossier that the scenario is about by now."""
        return next((step.key for _, step in sorted(self.steps.items(), reverse=True) if step.key), "")

    def start(self, scenario: Scenario, *, pause_s: float = 0.0, paused: bool = False) -> None:
        """Play it, with so long between two steps; `paused`: each step when `step` asks for it.

        Raises:
            StageError: another one is on.
        """
        if self.is_on:
            raise StageError(
                "a scenario is being played; wait for its end, or stop it",
                "Một kịch bản đang chạy; hãy chờ kịch bản kết thúc, hoặc dừng kịch bản đó.",
            )
        self.scenario, self.steps, self.failure = scenario, {}, NOTHING
        self.pause_s, self.is_paused, self.upcoming = pause_s, paused, 0
        (self._go.clear if paused else self._go.set)()
        self._task = asyncio.create_task(self._play(scenario), name="scenario")

    def step(self) -> None:
        """Let the step `upcoming` go, and wait again behind it.

        Raises:
            StageError: nothing waits.
        """
        if self.state is not StageState.WAITING:
            raise StageError(
                "no scenario waits for its next step; pause one first, or wait until its step has ended",
                "Không có kịch bản nào chờ bước tiếp theo; hãy tạm dừng, hoặc chờ bước đang chạy kết thúc.",
            )
        self._go.set()

    def pause(self) -> None:
        """Wait before the next step; one that goes on now is not interrupted.

        Raises:
            StageError: nothing is on.
        """
        self._check_on()
        self.is_paused, self._is_resting = True, False
        self._go.clear()
        self._changed.set()

    def resume(self, pause_s: float | None = None) -> None:
        """Play on by itself, where given at another pace; one that isn't paused takes the pace.

        Raises:
            StageError: nothing is on.
        """
        self._check_on()
        self.pause_s = self.pause_s if pause_s is None else pause_s
        self.is_paused = False
        self._go.set()
        self._changed.set()

    async def stop(self) -> None:
        """End it where it is; what it switched on is switched off."""
        if self._task is None or self._task.done():
            return
        self.failure = _STOPPED
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _check_on(self) -> None:
        if not self.is_on:
            raise StageError(
                "no scenario is being played; start one",
                "Không có kịch bản nào đang chạy; hãy chạy một kịch bản.",
            )

    async def _play(self, scenario: Scenario) -> None:
        try:
            async with aclosing(play(scenario, self._world, before=self._turn)) as progress:
                async for step in progress:
                    self.steps[step.index] = step
        except TimeoutError:
            minutes = f"{self._patience_s / 60:g}"
            self.failure = Said(
                f"ended, since nobody asked for the next step for {minutes} minutes",
                f"đã kết thúc, vì {minutes} phút không ai bấm bước tiếp theo",
            )
        except Exception as exc:  # noqa: BLE001 - who watches is told
            what = f"{type(exc).__name__}: {exc}"[:500]
            self.failure = Said(what, f"lỗi không lường trước ({what})")
        finally:
            self.upcoming = None
            for step in self.steps.values():
                if step.state is State.RUNNING:
                    self.steps[step.index] = replace(step, state=State.SKIPPED)

    async def _turn(self, step: Progress) -> None:
        """Return when this step may go: after the pace's rest, or when somebody says so."""
        self.upcoming = step.index
        if step.index:
            await self._rest()
        async with asyncio.timeout(self._patience_s):
            await self._go.wait()
        if self.is_paused:
            self._go.clear()
        self.upcoming = None

    async def _rest(self) -> None:
        """So long as the pace says, which may change meanwhile; a pause ends it."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._is_resting = not self.is_paused
        while self._is_resting and (left_s := since + self.pause_s - loop.time()) > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
