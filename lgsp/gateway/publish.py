"""/v1/messages: how a connector in any language publishes. `/v1` is for connectors, `/api` for people's tools."""

from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from pydantic import JsonValue
from starlette.responses import JSONResponse

from lgsp.channels import Accepted
from lgsp.errors import Fault, InvalidMessageError, LgspError
from lgsp.gateway.metrics import Metrics
from lgsp.gateway.ports import GatewayServices
from lgsp.message import Message
from lgsp.routing.signatures import has_verdicts

__all__ = ["EVENT_BODY", "event_body", "publish_routes"]

_JSON_TYPES = frozenset({"application/cloudevents+json", "application/json"})
EVENT_BODY: dict[str, JsonValue] = {
    "requestBody": {
        "required": True,
        "content": {"application/cloudevents+json": {"schema": Message.model_json_schema()}},
    }
}


def publish_routes(services: GatewayServices, metrics: Metrics) -> APIRouter:
    """The way in."""
    routes = APIRouter(prefix="/v1", tags=["publish"])

    @routes.post("/messages", status_code=202, openapi_extra=EVENT_BODY)
    async def publish(request: Request) -> JSONResponse:
        """Publish a structured CloudEvent: 202 when new, 200 when it was accepted before."""
        message, accepted = await _accept(services, metrics, await event_body(request))
        answer = {
            "id": message.id,
            "new": accepted.is_new,
            "partition": accepted.partition,
            "entry_id": accepted.entry_id,
        }
        headers = {"Location": f"/api/messages/{quote(message.id, safe='')}"}
        return JSONResponse(answer, 202 if accepted.is_new else 200, headers=headers)

    return routes


async def _accept(services: GatewayServices, metrics: Metrics, raw: bytes) -> tuple[Message, Accepted]:
    """Publish; what is invalid is kept in the invalid message channel besides."""
    reference = "gateway"
    try:
        message = Message.from_json(raw)
        reference = message.id
        _check_verdicts(message)
        accepted = await services.publisher.publish(message)
    except LgspError as exc:
        metrics.refused.labels(exc.code).inc()
        if isinstance(exc, InvalidMessageError):
            await services.publisher.refuse(raw, exc, reference, "gateway")
        raise
    counter = metrics.accepted if accepted.is_new else metrics.repeated
    counter.labels(message.kind).inc()
    return message, accepted


def _check_verdicts(message: Message) -> None:
    """A verdict on signatures is given by the adapter that saw them, never by whoever publishes."""
    if message.kind.startswith("document.") and has_verdicts(message.data):
        wrong = "verdicts on signatures are given by the bus; leave them out"
        wrong_vi = "kết quả kiểm tra chữ ký do hệ thống ghi; hãy bỏ trường này"
        raise InvalidMessageError(
            message.kind, [Fault("signature.claimed", "/data/signatures", wrong, wrong_vi)]
        )


async def event_body(request: Request) -> bytes:
    """The raw body; other content types are refused, which also keeps plain cross-site forms out."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _JSON_TYPES:
        raise HTTPException(
            415, f"content type {given or '(none)'!r}; send application/cloudevents+json (structured mode)"
        )
    return await request.body()
