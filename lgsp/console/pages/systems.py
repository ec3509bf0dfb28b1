"""Each stand-in as its own user sees it; its request journal; how it differs from the real system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from pydantic import JsonValue
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.console.desks import (
    ACTS,
    Act,
    Holding,
    KnownDifference,
    Line,
    TooLargeError,
    body_of,
    differences,
    holdings,
)
from lgsp.console.texts import Texts
from lgsp.console.wording import as_json, shown
from lgsp.errors import LgspError, NotFoundError, RejectedError
from lgsp.gateway import StandIns

__all__ = ["routes", "stand_ins_of"]

SHOWN = ("holds", "acts", "journal", "differences")
_JOURNAL, _JOURNAL_ROWS = 1000, 100
_LINES = 50
_ACTED_ON = frozenset({"sent", "outside_sent", "dossiers"})
"""What came in from elsewhere, nobody here can recall or decide."""


def stand_ins_of(console: Console) -> StandIns:
    """The stand-ins of the configuration, and no other host.

    Raises:
        NotFoundError: only real systems are configured.
    """
    if console.services.stand_ins is None or not console.services.stand_ins.urls:
        raise NotFoundError(
            "no stand-in plays any of the configured systems",
            "không hệ thống nào trong cấu hình là hệ thống giả lập",
        )
    return console.services.stand_ins


def routes(console: Console) -> list[BaseRoute]:
    """`/console/systems`."""

    async def listing(request: Request) -> Response:
        standing = console.services.standing
        systems = await standing.systems() if standing else ()
        return console.page(request, "systems.html", systems=systems)

    async def show(request: Request) -> Response:
        name, stand_ins = request.path_params["name"], stand_ins_of(console)
        tab = request.query_params.get("show", "holds")
        if name not in stand_ins.urls or tab not in SHOWN:
            raise HTTPException(404, console.texts_of(request)("error.no_stand_in", name=name[:100]))
        lists, entries, known = await _content(console, request, name, tab)
        return console.page(
            request,
            "system.html",
            name=name,
            tab=tab,
            tabs=SHOWN,
            acts=ACTS.get(name, ()),
            about=request.query_params.get("about", "")[:300],
            acted_on=_ACTED_ON,
            lists=lists,
            entries=entries,
            differences=known,
        )

    async def act(request: Request) -> Response:
        form = await console.change(request)
        name = request.path_params["name"]
        found = next((one for one in ACTS.get(name, ()) if one.name == request.path_params["act"]), None)
        if found is None:
            raise HTTPException(404, console.texts_of(request)("error.no_act", name=name[:100]))
        body = await _body(found, form, console.texts_of(request))
        said, refusal = await _done(console, request, name, found, body)
        about = body.get(found.about) if refusal and found.about else None
        query = urlencode(
            {
                "show": "acts" if refusal else "holds",
                **({"refused": refusal} if refusal else {}),
                **({"about": str(about)[:300]} if about else {}),
                "said": said[:600],
            }
        )
        return console.back_to(f"/console/systems/{name}?{query}")

    async def _body(found: Act, form: FormData, t: Texts) -> dict[str, JsonValue]:
        try:
            return await body_of(found, form)
        except TooLargeError as exc:
            raise HTTPException(413, t("error.no_file", name=str(exc)[:200], size=exc.limit >> 10)) from exc
        finally:
            await form.close()

    return [
        Route("/systems", listing),
        Route("/systems/{name}", show),
        Route("/systems/{name}/act/{act}", act, methods=["POST"]),
    ]


async def _done(
    console: Console, request: Request, name: str, act: Act, body: dict[str, JsonValue]
) -> tuple[str, str]:
    """What the system said, and why it refused (`desk.refused_…`), "" where it did it."""
    try:
        answer = await stand_ins_of(console).ask(name, "POST", f"act/{act.name}", body=body)
    except LgspError as exc:
        return console.said(request, exc), _refusal(exc)
    values, t = answer.values() if isinstance(answer, dict) else [answer], console.texts_of(request)
    return " · ".join(shown(value, t) for value in values if value is not None), ""


def _refusal(error: LgspError) -> str:
    if isinstance(error, NotFoundError):
        return "404"
    if isinstance(error, RejectedError):
        return error.wire_code if error.wire_code in {"409", "422"} else "other"
    return "away"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of what a system holds: a page of `total` lines; `following` is the `before` of the next page."""

    holding: Holding
    lines: Sequence[Line]
    total: int
    following: int | None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Of `matched` entries the newest `shown`, newest first; equal ones in a row are one row with their number."""

    matched: int
    shown: int
    rows: Sequence[tuple[Mapping[str, JsonValue], int]]


_NO_JOURNAL = JournalPage(0, 0, ())


async def _content(
    console: Console, request: Request, name: str, tab: str
) -> tuple[list[Listed], JournalPage, list[KnownDifference]]:
    """What the chosen tab shows: lists of what the system holds, its journal, or its differences."""
    stand_ins = stand_ins_of(console)
    match tab:
        case "holds":
            wanted, before = request.query_params.get("list", ""), _place(request)
            lists = [
                await _listed(stand_ins, name, one, before if one.name == wanted else None)
                for one in holdings(name)
            ]
            return lists, _NO_JOURNAL, []
        case "journal":
            return [], await _journal(stand_ins, name, request.query_params.get("contains", "")[:200]), []
        case "differences":
            told = await stand_ins.ask(name, "GET", "differences")
            return [], _NO_JOURNAL, differences(name, told, console.texts_of(request).lang)
        case _:
            return [], _NO_JOURNAL, []


async def _listed(stand_ins: StandIns, name: str, holding: Holding, before: int | None) -> Listed:
    page = await stand_ins.rows(name, holding.table, where=holding.where, before=before, limit=_LINES)
    return Listed(holding, [holding.line(row) for row in page.rows], page.total, page.following)


def _place(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isdecimal() and len(text) < 16 else None


async def _journal(stand_ins: StandIns, name: str, contains: str) -> JournalPage:
    """Systems that poll fill a journal with the same call, so that anything else would be lost among them."""
    params: dict[str, str | int] = {"limit": _JOURNAL, **({"contains": contains} if contains else {})}
    found = await stand_ins.ask(name, "GET", "requests", params=params)
    listed = found.get("requests") if isinstance(found, dict) else []
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    matched = found.get("matched") if isinstance(found, dict) else 0
    rows = []
    for _, equal in groupby(reversed(entries), key=_alike):
        first, *others = equal
        rows.append((first, 1 + len(others)))
    shown = rows[:_JOURNAL_ROWS]
    return JournalPage(matched if isinstance(matched, int) else 0, sum(times for _, times in shown), shown)


def _alike(entry: Mapping[str, JsonValue]) -> str:
    """Equal for two calls that say the same: path, status, who answered, and the answer itself."""
    told = ("method", "path", "status", "answered_by", "expectation", "faults", "answer")
    return as_json([entry.get(name) for name in told])
