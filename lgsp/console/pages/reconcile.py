"""Does a system hold what was delivered to it? What it lacks is sent again."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.errors import NotFoundError

__all__ = ["routes"]

_HOURS = 168
_MOST_HOURS = 24 * 366
_SHOWN = 200


def routes(console: Console) -> list[BaseRoute]:
    """`/console/reconcile/{system}`."""

    async def show(request: Request) -> Response:
        return await _run(request, _hours(request.query_params.get("hours")), mend=False)

    async def mend(request: Request) -> Response:
        form = await console.change(request)
        return await _run(request, _hours(form.get("hours")), mend=True)

    async def _run(request: Request, hours: int, *, mend: bool) -> Response:
        system = request.path_params["system"]
        if system not in console.services.systems:
            raise NotFoundError(console.texts_of(request)("reconcile.unknown"))
        try:
            ended = await console.services.reconciler.run(system, since=timedelta(hours=hours), mend=mend)
        except NotFoundError:
            ended = None
        return console.page(
            request, "reconcile.html", system=system, hours=hours, most=_MOST_HOURS, ended=ended, mended=mend, shown=_SHOWN
        )  # fmt: skip

    return [
        Route("/reconcile/{system}", show, methods=["GET"]),
        Route("/reconcile/{system}", mend, methods=["POST"]),
    ]


def _hours(given: object) -> int:
    text = str(given or "")
    return min(int(text), _MOST_HOURS) if text.isdecimal() and len(text) < 9 and int(text) else _HOURS
