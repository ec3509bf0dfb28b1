"""The lab: play scenarios, break things on purpose, steer the time, begin anew."""

import asyncio
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlencode

from pydantic import JsonValue, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.clock import ClockChange, SteerableClock, clock_view
from lgsp.console.console import Console
from lgsp.console.pages.systems import stand_ins_of
from lgsp.errors import ConfigurationError, LgspError, NotFoundError
from lgsp.gateway import StandIns
from lgsp.scenario import Scenario, built_in

__all__ = ["routes"]

_FASTEST_S, _SLOWEST_S = 0.0, 10.0


def routes(console: Console) -> list[BaseRoute]:
    """`/console/lab`, and what may be done there."""
    changes = {"play": _play, "fault": _set_fault, "clock": _steer, "anew": _begin_anew}
    return [
        Route("/lab", partial(_show, console)),
        *(Route(f"/lab/{name}", partial(do, console), methods=["POST"]) for name, do in changes.items()),
    ]


async def _show(console: Console, request: Request) -> Response:
    services = console.services
    stand_ins, clock = services.stand_ins, services.clock
    names = list(stand_ins.urls) if stand_ins else []
    # Whoever watches a scenario asks twice a second, and for nothing else.
    asked = stand_ins if request.headers.get("HX-Target") != "stage" else None
    faults, kinds = await asyncio.gather(_faults(asked, names), _kinds(asked, names)) if asked else ([], [])
    return console.page(
        request,
        "lab.html",
        scenarios=built_in() if services.stage else [],
        stage=services.stage,
        stand_ins=names,
        faults=faults,
        kinds=kinds,
        clock=clock_view(clock) if isinstance(clock, SteerableClock) else None,
    )


async def _play(console: Console, request: Request) -> Response:
    form = await console.change(request)
    stage = console.services.stage
    if stage is None:
        raise NotFoundError("this gateway plays no scenarios")
    if form.get("stop"):
        await stage.stop()
        return console.back_to("/console/lab#stage")
    scenario = _scenario(str(form.get("scenario")))
    try:
        stage.start(scenario, pause_s=_pause(str(form.get("pause", ""))))
    except ConfigurationError as exc:
        return console.back_to(_failed(str(exc)))
    return console.back_to("/console/lab#stage")


async def _set_fault(console: Console, request: Request) -> Response:
    form = await console.change(request)
    stand_ins, name = stand_ins_of(console), str(form.get("at"))
    try:
        if clear := str(form.get("clear", "")):
            await stand_ins.ask(name, "DELETE", f"faults/{quote(clear, safe='')}")
        else:
            await stand_ins.ask(name, "POST", "faults", body=_fault(form))
    except LgspError as exc:
        return console.back_to(_failed(str(exc)))
    return console.back_to("/console/lab#faults")


async def _steer(console: Console, request: Request) -> Response:
    form = await console.change(request)
    clock, do = console.services.clock, str(form.get("do"))
    if not isinstance(clock, SteerableClock):
        raise NotFoundError("the time of this process can't be steered")
    asked: dict[str, JsonValue] = {do: str(form.get("by", "")).strip() if do == "advance" else True}
    try:
        await clock.change(ClockChange.model_validate(asked))
    except ValidationError as exc:
        return console.back_to(_failed(exc.errors()[0]["msg"]))
    except ValueError as exc:
        return console.back_to(_failed(str(exc)))
    return console.back_to("/console/lab#clock")


async def _begin_anew(console: Console, request: Request) -> Response:
    form = await console.change(request)
    stand_ins, name = stand_ins_of(console), str(form.get("at"))
    try:
        await stand_ins.ask(name, "POST", "reset")
        await stand_ins.ask(name, "POST", "seed")
    except LgspError as exc:
        return console.back_to(_failed(str(exc)))
    return console.back_to("/console/lab#anew")


def _scenario(key: str) -> Scenario:
    found = next((one for one in built_in() if one.key == key), None)
    if found is None:
        raise NotFoundError(f"no scenario {key!r}")
    return found


def _pause(text: str) -> float:
    try:
        return min(_SLOWEST_S, max(_FASTEST_S, float(text)))
    except ValueError:
        return 0.5


def _fault(form: FormData) -> dict[str, JsonValue]:
    """As the stand-in takes it; what was left empty is left to it."""
    body: dict[str, JsonValue] = {"kind": str(form.get("kind"))}
    for name in ("path", "operation", "agency"):
        if text := str(form.get(name, "")).strip():
            body[name] = text
    for name in ("share", "expires_s", "delay_s", "status", "count"):
        if text := str(form.get(name, "")).strip():
            # As a Vietnamese writes it, "0,5"; what is no number the stand-in refuses, and says so.
            body[name] = text.replace(",", ".", 1)
    return body


async def _faults(stand_ins: StandIns, names: Sequence[str]) -> list[tuple[str, dict[str, JsonValue]]]:
    """Those that are on, with where; a stand-in that is away has none to show."""
    every = await asyncio.gather(*(_rows(stand_ins, name, "faults") for name in names))
    return [(name, row) for name, rows in zip(names, every, strict=True) for row in rows]


async def _kinds(stand_ins: StandIns, names: Sequence[str]) -> list[dict[str, JsonValue]]:
    """What can be broken, each kind once."""
    every = await asyncio.gather(*(_rows(stand_ins, name, "faults/kinds") for name in names))
    found: dict[str, dict[str, JsonValue]] = {}
    for row in (row for rows in every for row in rows):
        found.setdefault(str(row.get("kind")), row)
    return list(found.values())


async def _rows(stand_ins: StandIns, name: str, path: str) -> list[dict[str, JsonValue]]:
    try:
        rows = await stand_ins.ask(name, "GET", path)
    except LgspError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _failed(what: str) -> str:
    return "/console/lab?" + urlencode({"failed": what[:600]})
