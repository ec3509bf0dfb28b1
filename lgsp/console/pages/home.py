"""The search box of every page."""

from urllib.parse import quote, urlencode

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
        found = await console.services.store.trace(asked) if asked else ()
        if len({one.message.subject for one in found}) == 1:
            folder = "documents" if found[0].message.type.startswith("document.") else "dossiers"
            return RedirectResponse(f"/console/{folder}/{quote(found[0].message.subject, safe='')}", 303)
        return RedirectResponse("/console/messages?" + urlencode({"text": asked}), 303)

    return [Route("/find", find)]
