"""The lab, what is done to the stand-ins and to the time: faults, clock, begin anew."""

from collections.abc import Mapping
from functools import partial

from pydantic import JsonValue, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.clock import ClockChange, SteerableClock, clock_view
from lgsp.console.console import Console
from lgsp.console.pages.lab import LAB_TABS
from lgsp.errors import Fault, InvalidMessageError, LgspError, NotFoundError, WrongValueError
from lgsp.gateway.lab import FaultOrder, Faults, begin_anew, stand_ins_of
from lgsp.standards.faults import pydantic_faults

__all__ = ["routes"]

_WORDS = ("operation", "path", "agency")
_NUMBERS = ("share", "delay_s", "count", "expires_s")


def routes(console: Console) -> list[BaseRoute]:
    """`/console/lab/faults`, `/clock` and `/anew`."""
    shown = {
        "faults": partial(_faults, console),
        "clock": partial(_clock, console),
        "anew": partial(_anew, console),
    }
    changed = {"faults": _set_fault, "clock": _steer, "anew": _begin_anew}
    return [
        *(Route(f"/lab/{name}", show, methods=["GET"]) for name, show in shown.items()),
        *(Route(f"/lab/{name}", partial(do, console), methods=["POST"]) for name, do in changed.items()),
    ]


async def _faults(
    console: Console, request: Request, form: FormData | None = None, error: LgspError | None = None
) -> Response:
    """The form as it was typed, with what is wrong at its field."""
    faults = Faults(stand_ins_of(console.services))
    shown = await faults.on()
    wrong = error.faults if isinstance(error, InvalidMessageError) else ()
    typed: Mapping[str, object] = form if form is not None else {"expires_s": "60"}
    return console.page(
        request,
        "lab_faults.html",
        tabs=LAB_TABS,
        failed=console.said(request, error) if error and not wrong else "",
        wrong={fault.place.strip("/"): fault for fault in wrong},
        given={name: str(typed.get(name, "")) for name in ("at", "kind", *_WORDS, *_NUMBERS)},
        stand_ins=list(stand_ins_of(console.services).urls),
        # Whoever watches what is on asks every two seconds, and for nothing else.
        kinds=await faults.kinds() if request.headers.get("HX-Target") != "on" else [],
        faults=shown.faults,
        silent=shown.silent,
    )


async def _set_fault(console: Console, request: Request) -> Response:
    form = await console.change(request)
    faults = Faults(stand_ins_of(console.services))
    try:
        if clear := str(form.get("clear", "")):
            await faults.clear(str(form.get("at")), clear)
        else:
            await faults.set(_order(form))
    except LgspError as exc:
        return await _faults(console, request, form, exc)
    return console.back_to("/console/lab/faults#on")


def _order(form: FormData) -> FaultOrder:
    """As the stand-in takes it; what was left empty is left to it."""
    body: dict[str, JsonValue] = {"at": str(form.get("at")), "kind": str(form.get("kind"))}
    # As a Vietnamese writes a number, "0,5"; what is none the stand-in refuses, and says so.
    texts = {name: str(form.get(name, "")).strip().replace(",", ".", 1) for name in _NUMBERS}
    texts |= {name: str(form.get(name, "")).strip() for name in _WORDS}
    body |= {name: text for name, text in texts.items() if text}
    return FaultOrder.model_validate(body)


async def _clock(console: Console, request: Request, failed: str = "", typed: str = "") -> Response:
    clock = console.services.clock
    return console.page(
        request,
        "lab_clock.html",
        tabs=LAB_TABS,
        failed=failed,
        typed=typed,
        clock=clock_view(clock) if isinstance(clock, SteerableClock) else None,
        now_ms=console.now_ms(),
    )


async def _steer(console: Console, request: Request) -> Response:
    form = await console.change(request)
    clock, do, typed = console.services.clock, str(form.get("do")), str(form.get("by", "")).strip()
    if not isinstance(clock, SteerableClock):
        raise NotFoundError("the time of this process can't be steered", "Không chỉnh được thời gian ở đây.")
    asked: dict[str, dict[str, JsonValue]] = {
        "advance": {"advance": typed}, "freeze": {"freeze": True}, "resume": {"resume": True},
        "set": {"freeze": typed} if clock.is_frozen else {"freeze": typed, "resume": True},
    }  # fmt: skip
    try:
        await clock.change(ClockChange.model_validate(asked.get(do, {})))
    except ValidationError as exc:
        return await _clock(console, request, _told(console, request, pydantic_faults(exc)[0]), typed)
    except WrongValueError as exc:
        return await _clock(console, request, console.said(request, exc), typed)
    return console.back_to("/console/lab/clock")


def _told(console: Console, request: Request, fault: Fault) -> str:
    return fault.message_vi if console.texts_of(request).lang == "vi" else fault.message


async def _anew(console: Console, request: Request, failed: str = "") -> Response:
    names = list(stand_ins_of(console.services).urls)
    return console.page(
        request, "lab_anew.html", tabs=LAB_TABS, failed=failed, stand_ins=names,
        done=request.query_params.get("done", "") if request.query_params.get("done") in names else "",
    )  # fmt: skip


async def _begin_anew(console: Console, request: Request) -> Response:
    form = await console.change(request)
    name = str(form.get("at"))
    try:
        await begin_anew(stand_ins_of(console.services), name)
    except LgspError as exc:
        return await _anew(console, request, console.said(request, exc))
    return console.back_to(f"/console/lab/anew?done={name}")
