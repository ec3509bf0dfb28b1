"""Play a scenario step by step: each step's verdict as it comes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum

import httpx

from lgsp.scenario.own import vocabulary
from lgsp.scenario.reading import Line, Scenario
from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Vocabulary
from lgsp.scenario.world import NOTHING, NotSoError, Said, World

__all__ = ["Played", "Progress", "State", "paced", "play", "play_through"]

Before = Callable[["Progress"], Awaitable[None]]


class State(StrEnum):
    """Of a step."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNDEFINED = "undefined"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Progress:
    """One step, when it begins (`running`) and when it has ended. `seen`: what it saw; `why`: why it failed; `key`: the document or
    dossier that the scenario is about by then. `seconds` is real time.
    """

    scenario: Scenario
    index: int
    line: Line
    state: State
    seen: Said = NOTHING
    why: Said = NOTHING
    key: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played to its end."""

    scenario: Scenario
    steps: tuple[Progress, ...]

    @property
    def passed(self) -> bool:
        """Every step; one without any, where a keyword is mistyped, did not."""
        return bool(self.steps) and all(step.state is State.PASSED for step in self.steps)

    @property
    def key(self) -> str:
        """The document or dossier that it was about."""
        return next((step.key for step in reversed(self.steps) if step.key), "")

    @property
    def seconds(self) -> float:
        """Real time."""
        return sum(step.seconds for step in self.steps)

    @property
    def why(self) -> str:
        """Why it did not pass: its first step that didn't."""
        if not self.steps:
            return "it has no steps; is a keyword (Cho, Khi, Thì, Và; Given, When, Then, And) mistyped?"
        wrong = next((step for step in self.steps if step.state in {State.FAILED, State.UNDEFINED}), None)
        return "" if wrong is None else f"{wrong.line.keyword} {wrong.line.text}: {wrong.why}"


async def play(
    scenario: Scenario, world: World, *, before: Before | None = None, words: Vocabulary | None = None
) -> AsyncGenerator[Progress]:
    """Each step twice: as it begins, and as it ended. Behind one that failed, or means nothing, the rest is skipped.

    `before` is awaited before each step: a pace, or a person who says when (`paced`). Closing the iterator, or cancelling
    whoever iterates, ends the scenario; what it switched on is off then. `words`: another vocabulary than the built-in one.
    """
    known, situation = words or vocabulary(), Situation(world)
    async with situation.undo:
        is_over = False
        for index, line in enumerate(scenario.lines):
            step = Progress(scenario, index, line, State.RUNNING, key=situation.key)
            if is_over:
                yield replace(step, state=State.SKIPPED)
                continue
            if before is not None:
                await before(step)
            yield step
            ended = await _ended(step, known, situation)
            is_over = ended.state is not State.PASSED
            yield ended


async def play_through(
    scenario: Scenario, world: World, *, before: Before | None = None, words: Vocabulary | None = None
) -> Played:
    """To its end."""
    async with aclosing(play(scenario, world, before=before, words=words)) as progress:
        steps = [step async for step in progress if step.state is not State.RUNNING]
    return Played(scenario, tuple(steps))


def paced(seconds: float) -> Before:
    """So long between two steps, in real time."""

    async def wait(step: Progress) -> None:
        if step.index:
            await asyncio.sleep(seconds)

    return wait


async def _ended(step: Progress, words: Vocabulary, situation: Situation) -> Progress:
    found = words.find(step.line.text)
    if found is None:
        nearest = words.nearest(step.line.text)
        why = Said(f"no such step; nearest: {nearest}", f"không có bước này; gần nhất: {nearest}")
        return replace(step, state=State.UNDEFINED, why=why)
    situation.line = step.line
    started = time.perf_counter()
    seen, why = NOTHING, NOTHING
    try:
        told = await found.run(situation)
        seen = told if isinstance(told, Said) else Said(told or "")
    except NotSoError as exc:
        why = exc.said
    except (httpx.HTTPError, ValueError) as exc:
        what = f"{type(exc).__name__}: {exc}"
        why = Said(what, f"không gọi được, hoặc không đọc được câu trả lời ({what})")
    state = State.FAILED if why else State.PASSED
    return replace(
        step, state=state, seen=seen, why=why, key=situation.key, seconds=time.perf_counter() - started
    )
