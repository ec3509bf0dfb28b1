"""The lab, scenarios: play one at a pace or step by step, and watch what each step does."""

from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.errors import LgspError, NotFoundError
from lgsp.gateway.lab import MOST_PAUSE_S, StageView, scenario_of, stage_of
from lgsp.scenario import Stage, built_in
from lgsp.store import TracedMessage

__all__ = ["LAB_TABS", "routes"]

LAB_TABS = (
    ("scenarios", "/console/lab"),
    ("samples", "/console/lab/samples"),
    ("faults", "/console/lab/faults"),
    ("clock", "/console/lab/clock"),
    ("anew", "/console/lab/anew"),
)
PAUSES_S = (0, 0.5, 2, 5, 10)
_MOST_MESSAGES = 40


def routes(console: Console) -> list[BaseRoute]:
    """`/console/lab`, and what steers the stage."""
    return [
        Route("/lab", partial(_show, console)),
        Route("/lab/stage", partial(_steer, console), methods=["POST"]),
    ]


async def _show(console: Console, request: Request, error: LgspError | None = None) -> Response:
    services = console.services
    view = StageView.of(services.stage) if services.stage else None
    return console.page(
        request,
        "lab.html",
        tabs=LAB_TABS,
        failed=console.said(request, error) if error else "",
        scenarios=built_in() if services.stage else [],
        stage=view,
        pauses=PAUSES_S,
        chosen=request.query_params.get("scenario") or (view.scenario.key if view and view.scenario else ""),
        moved=await _messages(console, view.key) if view and view.key else (),
    )


async def _messages(console: Console, key: str) -> tuple[TracedMessage, ...]:
    """What the bus had to carry for the scenario, newest first; nothing before the first was stored."""
    try:
        found = await console.services.store.trace(key)
    except NotFoundError:
        return ()
    return found[::-1][:_MOST_MESSAGES]


async def _steer(console: Console, request: Request) -> Response:
    form = await console.change(request)
    try:
        await _done(stage_of(console.services), form)
    except LgspError as exc:
        return await _show(console, request, exc)
    return console.back_to("/console/lab#stage")


async def _done(stage: Stage, form: FormData) -> None:
    pause_s = _pause(str(form.get("pause", "")))
    match str(form.get("do")):
        case "play":
            stage.start(scenario_of(str(form.get("scenario"))), pause_s=pause_s)
        case "single":
            stage.start(scenario_of(str(form.get("scenario"))), pause_s=pause_s, paused=True)
        case "step":
            stage.step()
        case "pause":
            stage.pause()
        case "resume":
            stage.resume(pause_s)
        case _:
            await stage.stop()


def _pause(text: str) -> float:
    try:
        return min(MOST_PAUSE_S, max(0.0, float(text)))
    except ValueError:
        return 0.5
