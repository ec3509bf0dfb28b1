"""The search box of every page."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console

__all__ = ["routes"]


def routes(console: Console) -> list[BaseRoute]:
    """`/console/find`, and the way to the first page."""

    async def find(request: Request) -> Response:
        """What is known under that key, else a search for the words."""
        asked = request.query_params.get("q", "").strip()[:200]
        return RedirectResponse("/console/messages?" + urlencode({"text": asked}), 303)

    async def home(_request: Request) -> Response:
        return RedirectResponse("/console/messages", 307)

    return [Route("/find", find), Route("/", home)]
