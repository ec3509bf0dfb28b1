"""The province's indicators: charts with their numbers beside them, and export."""

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.clock import VIETNAM
from lgsp.console.console import Console
from lgsp.console.texts import Texts
from lgsp.gateway.indicators import indicators, share

__all__ = ["routes"]

_BARS = 12


def routes(console: Console) -> list[BaseRoute]:
    """`/console/indicators`."""

    async def show(request: Request) -> Response:
        today = console.services.clock.now().astimezone(VIETNAM).date()
        t = console.texts_of(request)
        start = _day(request, "from", today.replace(month=1, day=1), t)
        end = _day(request, "to", today, t)
        try:
            found = await indicators(console.services, start, end)
        except ValueError as exc:
            raise HTTPException(422, console.texts_of(request)("error.no_period")) from exc
        *agencies, all_agencies = found.documents
        *units, all_units = found.dossiers
        return console.page(
            request,
            "indicators.html",
            found=found,
            agencies=agencies,
            bars=agencies[:_BARS],
            documents=all_agencies,
            units=units,
            dossiers=all_units,
            share=share,
        )

    return [Route("/indicators", show)]


def _day(request: Request, name: str, default: date, t: Texts) -> date:
    text = request.query_params.get(name, "")
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise HTTPException(422, t("error.no_day", name=text[:20])) from exc
