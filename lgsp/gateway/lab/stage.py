"""/api/lab/scenarios and /api/lab/stage: play a scenario at a pace, or one step at a time."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from lgsp.errors import NotFoundError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.scenario import Line, Progress, Scenario, Stage, StageState, built_in

__all__ = ["MOST_PAUSE_S", "ScenarioView", "StageView", "StepView", "scenario_of", "stage_of", "stage_routes"]

MOST_PAUSE_S = 60.0
PauseSeconds = Annotated[float, Field(ge=0, le=MOST_PAUSE_S, description="real seconds between two steps")]


class ScenarioView(BaseModel):
    """A scenario that the stage can play; `key` starts it."""

    key: str
    title: str
    title_vi: str
    feature: str
    file: str
    line: int
    tags: tuple[str, ...]
    steps: tuple[str, ...]

    @classmethod
    def of(cls, one: Scenario) -> "ScenarioView":
        """As people see it."""
        steps = tuple(f"{line.keyword} {line.text}" for line in one.lines)
        return cls(
            key=one.key, title=one.title("en"), title_vi=one.title("vi"), feature=one.feature, file=one.file, line=one.number,
            tags=tuple(sorted(one.tags)), steps=steps,
        )  # fmt: skip


class ScenariosView(BaseModel):
    """All of them."""

    scenarios: tuple[ScenarioView, ...]


class StepView(BaseModel):
    """A step as it stands: `state` is ahead, next (the one that waits), running, passed, failed, undefined or skipped.

    `seen`: what it saw, `why`: why it failed; `key`: the document or dossier that the scenario was about by then.
    """

    number: int
    keyword: str
    text: str
    state: str
    seen: str = ""
    seen_vi: str = ""
    why: str = ""
    why_vi: str = ""
    key: str = ""
    seconds: float = 0.0

    @classmethod
    def of(cls, number: int, line: Line, step: Progress | None, *, is_next: bool) -> "StepView":
        """From its progress, where it has begun."""
        if step is None:
            state = "next" if is_next else "ahead"
            return cls(number=number, keyword=line.keyword, text=line.text, state=state)
        return cls(
            number=number, keyword=line.keyword, text=line.text, state=step.state, seen=step.seen.of("en"),
            seen_vi=step.seen.of("vi"), why=step.why.of("en"), why_vi=step.why.of("vi"), key=step.key,
            seconds=round(step.seconds, 3),
        )  # fmt: skip


class StageView(BaseModel):
    """What is played, or was played last. `waiting`: paused before step `next`; `paused` while `running`: it will wait behind its step."""

    state: StageState
    scenario: ScenarioView | None = None
    paused: bool = False
    pause_s: float = 0.0
    next: int | None = None
    key: str = ""
    failure: str = ""
    failure_vi: str = ""
    steps: tuple[StepView, ...] = ()

    @classmethod
    def of(cls, stage: Stage) -> "StageView":
        """As it stands now."""
        scenario = stage.scenario
        if scenario is None:
            return cls(state=stage.state)
        steps = tuple(
            StepView.of(place + 1, line, stage.steps.get(place), is_next=place == stage.upcoming)
            for place, line in enumerate(scenario.lines)
        )
        return cls(
            state=stage.state, scenario=ScenarioView.of(scenario), paused=stage.is_paused and stage.is_on, pause_s=stage.pause_s,
            next=None if stage.upcoming is None else stage.upcoming + 1, key=stage.key, failure=stage.failure.of("en"),
            failure_vi=stage.failure.of("vi"), steps=steps,
        )  # fmt: skip


class StartOrder(BaseModel):
    """Which scenario, and how: by itself with a pause between its steps, or (`paused`) each step when it is asked for."""

    model_config = ConfigDict(extra="forbid")

    scenario: Annotated[str, Field(max_length=200, description="a `key` of /api/lab/scenarios")]
    pause_s: PauseSeconds = 0.0
    paused: bool = False


class ResumeOrder(BaseModel):
    """Play on by itself; without `pause_s` at the pace that it had."""

    model_config = ConfigDict(extra="forbid")

    pause_s: PauseSeconds | None = None


def stage_of(services: GatewayServices) -> Stage:
    """Where scenarios are played.

    Raises:
        NotFoundError: not here, since a stand-in for iOffice is missing.
    """
    if services.stage is None:
        raise NotFoundError(
            "this gateway plays no scenarios; they need the stand-ins, iOffice's among them",
            "Cổng này không chạy kịch bản; cần có các hệ thống giả lập, trong đó có iOffice.",
        )
    return services.stage


def scenario_of(key: str) -> Scenario:
    """The built-in one of that key.

    Raises:
        NotFoundError: there is none.
    """
    found = {one.key: one for one in built_in()}
    if key not in found:
        known = ", ".join(found)
        raise NotFoundError(
            f"no scenario {key[:100]!r}; there are {known}",
            f"Không có kịch bản {key[:100]!r}; chỉ có {known}.",
        )
    return found[key]


def stage_routes(services: GatewayServices) -> APIRouter:
    """List, start, step, pause, resume, stop, look."""
    routes = APIRouter(responses=documented(404, 409))

    @routes.get("/scenarios")
    async def scenarios() -> ScenariosView:
        """What can be played: the flows of the demo."""
        return ScenariosView(scenarios=tuple(ScenarioView.of(one) for one in built_in()))

    @routes.get("/stage")
    async def look() -> StageView:
        """What is played, or was played last, with what each step saw."""
        return StageView.of(stage_of(services))

    @routes.post("/stage/start", status_code=202)
    async def start(order: StartOrder) -> StageView:
        """Play a scenario; 409 while another one is on."""
        stage = stage_of(services)
        stage.start(scenario_of(order.scenario), pause_s=order.pause_s, paused=order.paused)
        return StageView.of(stage)

    @routes.post("/stage/step", status_code=202)
    async def step() -> StageView:
        """Let the step `next` go; 409 unless one waits. Look at the stage for how it ended."""
        stage_of(services).step()
        return StageView.of(stage_of(services))

    @routes.post("/stage/pause")
    async def pause() -> StageView:
        """Wait before the next step; the one that goes on is not interrupted."""
        stage_of(services).pause()
        return StageView.of(stage_of(services))

    @routes.post("/stage/resume")
    async def resume(order: ResumeOrder) -> StageView:
        """Play on by itself, where given at another pace."""
        stage_of(services).resume(order.pause_s)
        return StageView.of(stage_of(services))

    @routes.post("/stage/stop")
    async def stop() -> StageView:
        """End the scenario where it is; what it switched on is off then. Nothing, when none is on."""
        await stage_of(services).stop()
        return StageView.of(stage_of(services))

    return routes
