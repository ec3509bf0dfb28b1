"""/api/statistics: what flowed, counted as the form wants it."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import counted_view

__all__ = ["statistics_routes"]


def statistics_routes(services: GatewayServices) -> APIRouter:
    """Form 06a."""
    routes = APIRouter(prefix="/api/statistics", tags=["statistics"])

    @routes.get("/dossiers")
    async def dossiers(
        start: Annotated[date, Query(alias="from")], end: Annotated[date, Query(alias="to")]
    ) -> dict[str, JsonValue]:
        """A row for each unit and field, and the total, for a period of whole days."""
        try:
            counted = await services.store.count_up()
            *rows, total = await services.store.dossier_form(start, end)
        except ValueError as exc:
            raise HTTPException(422, str(exc)) from exc
        listed: list[JsonValue] = [asdict(row) for row in rows]
        period: dict[str, JsonValue] = {"from": start.isoformat(), "to": end.isoformat()}
        return {**period, "rows": listed, "total": asdict(total), "counted": counted_view(counted)}

    return routes
