"""One message: journey, conversation, content at each stage, why it went where it went; and its export."""

from importlib.resources import files

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.console.contents import signatures, trace_id
from lgsp.console.journey import timeline, whole_ms
from lgsp.console.sequence import diagram
from lgsp.console.stages import Stage, diff, stages
from lgsp.gateway.attachments import attached
from lgsp.gateway.bundle import Bundle, bundle, bundle_view
from lgsp.gateway.views import names_of

__all__ = ["routes"]


def routes(console: Console) -> list[BaseRoute]:
    """`/console/messages/{id}` and its exports."""
    services = console.services

    async def show(request: Request) -> Response:
        """The page."""
        found = await bundle(services, _id(request))
        subject = found.traced.message.subject
        held = await services.standing.held(subject) if services.standing is not None else ()
        return console.page(request, "message.html", _shown(found, request), held=held)

    async def as_html(request: Request) -> Response:
        """The same as one file that opens without us."""
        found = await bundle(services, _id(request))
        css = files("lgsp.console").joinpath("static/console.css").read_text(encoding="utf-8")
        response = console.page(request, "message_file.html", _shown(found, request), css=css, held=())
        return _as_file(response, found, "html")

    async def as_json(request: Request) -> Response:
        """Everything as JSON, as `/api/messages/{id}/bundle` has it."""
        found = await bundle(services, _id(request))
        return _as_file(
            Response(to_json(bundle_view(found), indent=2), media_type="application/json"), found, "json"
        )

    return [
        Route("/messages/{message_id:path}/export.html", as_html),
        Route("/messages/{message_id:path}/export.json", as_json),
        Route("/messages/{message_id:path}", show),
    ]


def _id(request: Request) -> str:
    return str(request.path_params["message_id"])


def _as_file(response: Response, found: Bundle, ending: str) -> Response:
    name = f"lgsp-message-{found.traced.message.seq}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(found: Bundle, request: Request) -> dict[str, object]:
    steps, held = found.traced.steps, stages(found)
    left, right = _picked(held, request.query_params.get("left"), request.query_params.get("right"))
    return {
        "m": found.traced.message,
        "rows": timeline(steps),
        "whole": whole_ms(steps),
        "attempts": [step for step in steps if step.step in {"retrying", "delivered", "dead", "replayed"}],
        "diagram": diagram(found.conversation, found.traced.message.message_id),
        "conversation": found.conversation,
        "stages": held,
        "left": left,
        "right": right,
        "diff": diff(left.lines, right.lines) if left and right else None,
        "wire_kept": found.exchanges is not None,
        "decision": found.decision,
        "files": list(attached(found.body)),
        "signatures": signatures(found.body),
        "trace_id": trace_id(found.body),
        "names": names_of({0: to_json(found.body)}),
        "link": _link(found.traced.message.type),
    }


def _link(kind: str) -> str:
    return "/console/dossiers/" if kind.partition(".")[0] in {"dossier", "result"} else "/console/documents/"


def _picked(held: list[Stage], left: str | None, right: str | None) -> tuple[Stage | None, Stage | None]:
    by_key = {stage.key: stage for stage in held}
    return by_key.get(left or ""), by_key.get(right or "")
