"""`/__mock__/`: what a test or a demo may do to a stand-in, beside its real wire; and health and metrics."""

from dataclasses import asdict
from html import escape
from typing import Annotated, cast

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic import JsonValue

from lgsp.clock import ClockChange, SteerableClock, clock_view
from lgsp.errors import WrongValueError
from lgsp_mocks.kit.problems import RefusedError
from lgsp_mocks.kit.runtime import Runtime
from lgsp_mocks.kit.state import Record

__all__ = ["router", "runtime_of"]

router = APIRouter()
_STYLE = (
    "body{font:15px system-ui;margin:2rem;max-width:100rem}table{border-collapse:collapse}"
    "td,th{border:1px solid #8888;padding:.3rem .5rem;text-align:left;vertical-align:top}"
)
_PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def runtime_of(request: Request) -> Runtime:
    """What runs behind this application."""
    return cast("Runtime", request.app.state.runtime)


@router.get("/__mock__/state")
async def state(request: Request) -> Record:
    """Everything that the stand-in holds."""
    tables = runtime_of(request).context.state.tables
    return {"tables": {name: dict(table.items()) for name, table in tables.items()}}


@router.get("/__mock__/state/{table}")
async def table(request: Request, table: str) -> Record:
    """One table; empty where nothing was ever put into it."""
    found = runtime_of(request).context.state.tables.get(table)
    return dict(found.items()) if found is not None else {}


@router.get("/__mock__/state/{table}/{key:path}")
async def one(request: Request, table: str, key: str) -> Record:
    """One document of a table."""
    found = runtime_of(request).context.state.tables.get(table)
    record = found.get(key) if found is not None else None
    if record is None:
        raise HTTPException(404, f"no {key!r} in table {table!r}")
    return record


@router.get("/__mock__/rows/{table}")
async def rows(
    request: Request,
    table: str,
    field: Annotated[list[str] | None, Query()] = None,
    value: Annotated[list[str] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Record:
    """A page of a table, the newest first; `total` counts those that fit, `next` is the `before` of the page behind it.

    With `field` and `value`, each given once or more: the rows of which one of these fields has one of these values.
    """
    found = runtime_of(request).context.state.tables.get(table)
    if found is None:
        return {"total": 0, "rows": [], "next": None}
    page = found.page(field or (), frozenset(value or ()), before=before, limit=limit)
    return {
        "total": page.total,
        "rows": [{"key": key, "row": row} for key, row in page.rows],
        "next": page.following,
    }


@router.get("/__mock__/counts")
async def counts(request: Request) -> dict[str, int]:
    """How many documents each table holds."""
    return {name: len(table) for name, table in runtime_of(request).context.state.tables.items()}


@router.get("/__mock__/counts/{table}/{field}")
async def counts_by(request: Request, table: str, field: str) -> dict[str, int]:
    """How many documents of a table have each value of a field."""
    found = runtime_of(request).context.state.tables.get(table)
    return found.counts_by(field) if found is not None else {}


@router.get("/__mock__/twice")
async def twice(request: Request) -> list[str]:
    """What this system holds more than once, though it is one thing: by its business key."""
    return list(runtime_of(request).parts.twice())


@router.get("/__mock__/differences")
async def differences(request: Request) -> list[Record]:
    """How this stand-in is known to differ from the real system."""
    return [asdict(difference) for difference in runtime_of(request).stand_in.differences]


@router.get("/__mock__/clock")
async def clock(request: Request) -> Record:
    """The stand-in's time."""
    return clock_view(runtime_of(request).clock)


@router.post("/__mock__/clock")
async def steer(request: Request, change: ClockChange) -> Record:
    """Freeze, advance (90s, 5m, 2h, 3d, 15wd), resume; answers once the timers on the way have fired."""
    clock = runtime_of(request).clock
    if not isinstance(clock, SteerableClock):
        raise RefusedError(
            409,
            "whoever started this stand-in gave it a clock that can't be steered",
            "Đồng hồ của hệ thống giả lập này không chỉnh được.",
        )
    try:
        await clock.change(change)
    except WrongValueError as exc:
        raise RefusedError(422, str(exc), exc.message_vi) from exc
    return clock_view(clock)


@router.post("/__mock__/reset")
async def reset(request: Request) -> Record:
    """Forget everything; `seed` fills it again."""
    runtime = runtime_of(request)
    runtime.context.state.clear()
    runtime.context.files.clear()
    runtime.context.later.clear()
    runtime.faults.clear()
    runtime.expectations.clear()
    runtime.journal.clear()
    return {"reset": True}


@router.post("/__mock__/seed")
async def seed(request: Request) -> Record:
    """Put the seeded population back."""
    runtime_of(request).parts.seed()
    return {"seeded": True}


@router.post("/__mock__/tick")
async def tick(request: Request) -> Record:
    """Let the people do one round of work."""
    return {"actions": await runtime_of(request).tick()}


@router.get("/__mock__/ui", response_class=HTMLResponse)
async def page(request: Request) -> HTMLResponse:
    """What the stand-in holds, for a person; contents are hostile and shown as text."""
    runtime = runtime_of(request)
    tables = "".join(
        _table(name, list(table.values()))
        for name, table in runtime.context.state.tables.items()
        if len(table)
    )
    title = escape(f"{runtime.stand_in.title_vi} · {runtime.stand_in.title}")
    body = f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{tables}'
    return HTMLResponse(body, headers=_PAGE_HEADERS)


def _table(name: str, rows: list[Record]) -> str:
    columns = list(dict.fromkeys(column for row in rows[-50:] for column in row))[:12]
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in columns) + "</tr>"
        for row in reversed(rows[-50:])
    )
    return f"<h2>{escape(name)} ({len(rows)})</h2><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: JsonValue) -> str:
    return escape(str("" if value is None else value)[:200])


@router.get("/health/live")
async def live() -> Record:
    """Alive."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready() -> Record:
    """Ready: the state is loaded before the first request is taken."""
    return {"status": "ok"}


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> str:
    """Prometheus text format."""
    runtime = runtime_of(request)
    label = f'{{standin="{runtime.stand_in.name}"}}'
    lines = [
        "# TYPE lgsp_mock_requests_total counter", f"lgsp_mock_requests_total{label} {runtime.journal.total}",
        "# TYPE lgsp_mock_faults gauge", f"lgsp_mock_faults{label} {len(runtime.faults.active())}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
