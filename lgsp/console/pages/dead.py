"""Dead letters by cause: look, try, replay one, a group or a filter, edit, watch the tasks; and what was refused at the door."""

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.console.places import line_of, lines_of
from lgsp.console.stages import laid_out
from lgsp.console.texts import Texts
from lgsp.dead_letters import DeadFilter, Order
from lgsp.errors import Fault, InvalidMessageError
from lgsp.gateway.dead_views import DeadView, DryRunView, ForecastView, FullDeadView, GroupView, TaskView
from lgsp.gateway.lab import stored
from lgsp.gateway.views import invalid_view
from lgsp.message import Message

__all__ = ["routes"]

_FILTERS = ("system", "code", "kind", "subject", "group")
_PAGE = 50
_SHOWN_TASKS = 10
_Wish = Literal["run", "pause", "cancel"]
_WISHES: dict[str, _Wish] = {"run": "run", "pause": "pause", "cancel": "cancel"}


def filter_of(given: Mapping[str, object], t: Texts) -> DeadFilter:
    """From a URL's or a form's fields; an empty one is none, but for `system=-`, what no route took.

    Raises:
        HTTPException: 422.
    """
    wanted = {name: str(given[name]) for name in _FILTERS if given.get(name)}
    if wanted.get("system") == "-":
        wanted["system"] = ""
    try:
        return DeadFilter.model_validate(wanted)
    except ValidationError as exc:
        name = str(exc.errors()[0]["loc"][0])
        raise HTTPException(422, t("error.no_filter", name=name)) from exc


def routes(console: Console) -> list[BaseRoute]:
    """`/console/dead` and `/console/refused`."""
    return [*_reading(console), *_tasks(console), *_changing(console), *_refused(console)]


def _reading(console: Console) -> list[BaseRoute]:
    desk = console.services.dead_letters

    async def groups(request: Request) -> Response:
        """By cause, and the tasks that run; with a filter, its letters too."""
        wanted = filter_of(request.query_params, console.texts_of(request))
        page = await desk.page(wanted, after=request.query_params.get("after", "")[:64], limit=_PAGE)
        tried = None
        if request.query_params.get("try") == "1":
            tried = DryRunView.of(await desk.dry_run(Order(action="replay", filter=wanted)))
        return console.page(
            request,
            "dead.html",
            groups=[GroupView.of(group) for group in await desk.groups(wanted)],
            letters=[DeadView.of(entry) for entry in page.entries],
            next=page.next,
            wanted={name: request.query_params.get(name, "") for name in _FILTERS},
            filtered=not wanted.is_empty,
            tried=tried,
            tasks=[TaskView.of(task) for task in (await desk.tasks())[:_SHOWN_TASKS]],
            systems=console.services.systems,
            refused=await console.services.invalid.list(limit=1),
        )

    async def one(request: Request) -> Response:
        """A dead letter with its content, what a replay would do, and the form to edit it."""
        entry = await desk.show(request.path_params["dead_id"])
        return console.page(
            request,
            "dead_letter.html",
            letter=FullDeadView.of(entry),
            forecast=ForecastView.of(await desk.forecast(entry)),
            text="\n".join(laid_out(entry.body.decode(errors="replace"))),
            error=None,
            at_line={},
        )

    return [Route("/dead", groups), Route("/dead/{dead_id}", one)]


def _tasks(console: Console) -> list[BaseRoute]:
    desk = console.services.dead_letters

    async def task(request: Request) -> Response:
        """Begin a task over what the filter holds."""
        form = await console.change(request)
        action = "discard" if form.get("action") == "discard" else "replay"
        reason = _text(form, "reason")
        if action == "discard" and not reason:
            raise HTTPException(422, console.texts_of(request)("dead.say_why"))
        wanted = filter_of(form, console.texts_of(request))
        if wanted.is_empty:
            raise HTTPException(422, console.texts_of(request)("dead.say_which"))
        await desk.order(Order(action=action, filter=wanted, reason=reason))
        return console.back_to("/console/dead#tasks")

    async def wish(request: Request) -> Response:
        """Pause, go on with, or cancel a task."""
        form = await console.change(request)
        asked = _WISHES.get(_text(form, "wish"))
        if asked is None:
            raise HTTPException(422, console.texts_of(request)("error.no_wish"))
        await desk.wish(request.path_params["task_id"], asked)
        return console.back_to("/console/dead#tasks")

    return [
        Route("/dead/tasks", task, methods=["POST"]),
        Route("/dead/tasks/{task_id}", wish, methods=["POST"]),
    ]


def _changing(console: Console) -> list[BaseRoute]:
    desk = console.services.dead_letters

    async def replay(request: Request) -> Response:
        """One; and on to the message."""
        await console.change(request)
        entry = await desk.replay(request.path_params["dead_id"])
        return console.back_to(f"/console/messages/{quote(entry.message_id, safe='')}")

    async def discard(request: Request) -> Response:
        """One, with a reason."""
        form = await console.change(request)
        if not (reason := _text(form, "reason")):
            raise HTTPException(422, console.texts_of(request)("dead.say_why"))
        await desk.discard(request.path_params["dead_id"], reason=reason)
        return console.back_to("/console/dead")

    async def edit(request: Request) -> Response:
        """Send an edited one in its place; with `try`, only say what would become of it."""
        form = await console.change(request)
        dead_id, text = request.path_params["dead_id"], str(form.get("message", ""))
        dry_run = "try" in form
        error, forecast = None, None
        try:
            edited = Message.from_json(text.encode())
            sent, found = await desk.edit(dead_id, edited, note=_text(form, "note"), dry_run=dry_run)
            forecast = ForecastView.of(found)
            if not dry_run:
                await stored(console.services, sent.id)
                return console.back_to(f"/console/messages/{quote(sent.id, safe='')}")
        except InvalidMessageError as exc:
            error = exc
        letter = FullDeadView.of(await desk.show(dead_id))
        return console.page(
            request,
            "dead_letter.html",
            status=422 if error else 200,
            letter=letter,
            forecast=forecast,
            text=text,
            error=error,
            at_line=_at_lines(error.faults, text) if error else {},
        )

    return [
        Route("/dead/{dead_id}/replay", replay, methods=["POST"]),
        Route("/dead/{dead_id}/discard", discard, methods=["POST"]),
        Route("/dead/{dead_id}/edit", edit, methods=["POST"]),
    ]


def _refused(console: Console) -> list[BaseRoute]:
    invalid = console.services.invalid

    async def listing(request: Request) -> Response:
        """The newest first."""
        entries = await invalid.list(limit=100)
        return console.page(request, "refused.html", entries=entries)

    async def one(request: Request) -> Response:
        """What came, and every fault at its line."""
        entry = await invalid.get(request.path_params["invalid_id"])
        raw = entry.body.decode(errors="replace")
        # Lines count in what came; only what has no line of its own may be laid out anew.
        lines = raw.splitlines() if any(fault.line for fault in entry.faults) else laid_out(raw)
        return console.page(
            request,
            "refused_one.html",
            entry=entry,
            view=invalid_view(entry),
            lines=lines[:4000],
            at_line=_at_lines(entry.faults, "\n".join(lines)),
        )

    return [Route("/refused", listing), Route("/refused/{invalid_id}", one)]


def _at_lines(faults: Sequence[Fault], text: str) -> dict[str, int]:
    """The line of each fault's place: as its finder says it, else by the JSON Pointer; 0 is left out."""
    lines = lines_of(text)
    found = {fault.place: fault.line or line_of(fault.place, lines) for fault in faults}
    return {place: line for place, line in found.items() if line}


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:500] if isinstance(value, str) else ""
