"""A document or a dossier: its whole conversation, and what each system holds about it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.console.sequence import diagram
from lgsp.gateway.holdings import holdings

__all__ = ["routes"]

_RECORDS = 20


def routes(console: Console) -> list[BaseRoute]:
    """`/console/documents/{id}` and `/console/dossiers/{code}`."""
    services = console.services

    async def show(request: Request) -> Response:
        """One page for both: the key says which it is."""
        key = str(request.path_params["key"])
        conversation = await services.store.trace(key)
        held = await holdings(services, key, conversation)
        return console.page(
            request,
            "thing.html",
            held=held,
            shown=_RECORDS,
            conversation=conversation,
            diagram=diagram(conversation, ""),
            first=next((one.message for one in conversation if one.message.title), conversation[0].message),
        )

    return [Route("/documents/{key:path}", show), Route("/dossiers/{key:path}", show)]
