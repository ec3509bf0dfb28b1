"""`/pa/dossier-statistic`: counts of what iGate holds; the fields' names are form 06a's (assumed)."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, JsonValue

from lgsp.standards.statistics import RESOLVED, RETURNED, Case, form_06a
from lgsp_mocks.igate.dossiers import Dossiers
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.kit import Record

__all__ = ["routes"]

_ENDS = RETURNED | {"9"}


def _day(value: str) -> str:
    """Of `2026-11-01T00:00:00.000Z`, as clients write both ends, the day as it stands there."""
    return value[:10] if value[10:11] == "T" and datetime.fromisoformat(value) else value


Day = Annotated[date, BeforeValidator(_day)]


def routes(dossiers: Dossiers, tokens: Tokens) -> APIRouter:
    """One route."""
    router = APIRouter(route_class=WireRoute, dependencies=[Depends(tokens.check)])

    @router.get("/pa/dossier-statistic/--statistic-agency-kgg")
    async def by_agency(
        begin: Annotated[Day, Query(alias="from")], end: Annotated[Day, Query(alias="to")]
    ) -> Record:
        if end < begin:
            raise WireError(400, "400", "to is before from")
        cases = [_case(one) for one in dossiers.table.values()]
        *rows, total = form_06a(cases, begin, end)
        content: list[JsonValue] = [asdict(row) for row in rows]
        return {"content": content, "total": asdict(total)}

    return router


def _case(dossier: Record) -> Case:
    steps = cast("list[Record]", dossier["steps"])
    state = str(dossier["status"])
    ended = next((str(step["at"]) for step in reversed(steps) if str(step["status"]) in _ENDS), "")
    return Case(
        code=str(dossier["national_code"] or dossier["code"]),
        unit=str(dossier["unit_name"]),
        field=str(dossier["field_name"]),
        channel=str(dossier["channel"]),
        received_at=datetime.fromisoformat(str(dossier["accepted_at"] or dossier["submitted_at"])),
        due_at=datetime.fromisoformat(str(dossier["due_at"])) if dossier["due_at"] else None,
        ended_at=datetime.fromisoformat(ended) if ended and state in RESOLVED | RETURNED else None,
        state=state,
    )
