"""The streams as they stand, the rules of routing with what they say to a message, and the schemas."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import Message

__all__ = ["routes"]


def routes(console: Console) -> list[BaseRoute]:
    """`/console/streams` and `/console/routes`."""
    services = console.services

    async def streams(request: Request) -> Response:
        if services.standing is None:
            raise HTTPException(404, console.texts_of(request)("error.no_streams"))
        partitions = await services.standing.partitions()
        server, systems = await services.standing.capabilities(), await services.standing.systems()
        return console.page(request, "streams.html", partitions=partitions, server=server, systems=systems)

    async def rules(request: Request) -> Response:
        """The rules; with a message pasted into the form, what each of them says to it. Nothing is sent."""
        pasted, decision = "", None
        faults: tuple[Fault, ...] = ()
        if request.method == "POST":
            form = await console.change(request)
            pasted = str(form.get("message", ""))
            try:
                message = Message.from_json(pasted)
                services.schemas.check(message)
                decision = services.router.explain(message)
            except InvalidMessageError as exc:
                faults = tuple(exc.faults)
        verdicts = {one.route: one for one in decision.explanation} if decision else {}
        return console.page(
            request,
            "routes.html",
            rules=services.router.routes,
            pasted=pasted,
            decision=decision,
            verdicts=verdicts,
            faults=faults,
        )

    return [Route("/streams", streams), Route("/routes", rules, methods=["GET", "POST"])]
