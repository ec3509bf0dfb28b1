"""/api/indicators: what a province's operations centre (IOC) shows, computed from what flowed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import JsonValue
from starlette.responses import Response

from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.sheets import BYTE_ORDER_MARK, csv_lines
from lgsp.gateway.views import counted_view
from lgsp.standards.statistics import AgencyRow, Row
from lgsp.store import Counted

__all__ = ["Indicators", "indicator_routes", "indicators", "share"]

Start = Annotated[date, Query(alias="from")]
End = Annotated[date, Query(alias="to")]


@dataclass(frozen=True, slots=True)
class Indicators:
    """Documents by agency, dossiers by unit and field (form 06a), each with its total last; procedures published and synchronized.

    All of it as of the messages that are `counted`.
    """

    start: date
    end: date
    documents: Sequence[AgencyRow]
    dossiers: Sequence[Row]
    published: int
    synchronized: int
    counted: Counted


async def indicators(services: GatewayServices, start: date, end: date) -> Indicators:
    """For whole days, both within the period.

    Raises:
        ValueError: the period ends before it begins.
    """
    counted = await services.store.count_up()
    documents = await services.store.agencies(start, end)
    dossiers = await services.store.dossier_form(start, end)
    published, synchronized = await services.store.procedures()
    return Indicators(start, end, documents, dossiers, published, synchronized, counted)


def share(part: int, whole: int) -> float | None:
    """In percent; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def indicator_routes(services: GatewayServices) -> APIRouter:
    """As JSON, and as CSV for a spreadsheet."""
    routes = APIRouter(prefix="/api/indicators", tags=["statistics"])

    @routes.get("")
    async def show(start: Start, end: End) -> dict[str, JsonValue]:
        """Documents by agency, dossiers by unit and field, each with its total; procedures published and synchronized."""
        found = await _found(services, start, end)
        *agencies, all_agencies = found.documents
        *units, all_units = found.dossiers
        return {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "documents": {
                "agencies": [asdict(row) for row in agencies],
                "total": asdict(all_agencies),
                "signed_percent": share(all_agencies.signed, all_agencies.sent),
                "electronic_percent": share(all_agencies.electronic, all_agencies.sent),
            },
            "dossiers": {"rows": [asdict(row) for row in units], "total": asdict(all_units)},
            "procedures": {"published": found.published, "synchronized": found.synchronized},
            "counted": counted_view(found.counted),
        }

    @routes.get("/{table}.csv")
    async def export(table: str, start: Start, end: End) -> Response:
        """`documents` or `dossiers`; UTF-8 with a byte order mark, as spreadsheets want it."""
        found = await _found(services, start, end)
        tables: dict[str, Sequence[AgencyRow] | Sequence[Row]] = {
            "documents": found.documents, "dossiers": found.dossiers
        }  # fmt: skip
        if table not in tables:
            raise HTTPException(404, f"no table {table[:40]!r}; there are documents and dossiers")
        headers = {"Content-Disposition": f'attachment; filename="{table}-{start}-{end}.csv"'}
        return Response(_csv([asdict(row) for row in tables[table]]), media_type="text/csv", headers=headers)

    return routes


async def _found(services: GatewayServices, start: date, end: date) -> Indicators:
    try:
        return await indicators(services, start, end)
    except ValueError as exc:
        raise HTTPException(422, str(exc)) from exc


def _csv(rows: Sequence[dict[str, object]]) -> bytes:
    return BYTE_ORDER_MARK + csv_lines([list(rows[0]) if rows else [], *(row.values() for row in rows)])
