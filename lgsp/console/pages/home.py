"""The search box of every page."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console

__all__ = ["routes"]


def routes(console: Console) -> list[BaseRoute]:
    """`/console/find`."""

    async def find(request: Request) -> Response:
        """What is known under that key, else a search for the words."""
        asked = request.query_params.get("q", "").strip()[:200]
        return RedirectResponse("/console/messages?" + urlencode({"text": asked}), 303)

    return [Route("/find", find)]
