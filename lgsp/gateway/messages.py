"""/v1/messages, /v1/trace, /v1/routes."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse

from lgsp.channels import Accepted
from lgsp.errors import Fault, InvalidMessageError, LgspError, NotFoundError
from lgsp.gateway.metrics import Metrics
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import decision_view, message_view, traced_view
from lgsp.message import Message
from lgsp.routing.signatures import has_verdicts
from lgsp.store import MessageQuery

__all__ = ["message_routes"]

_JSON_TYPES = frozenset({"application/cloudevents+json", "application/json"})
_BODY: dict[str, JsonValue] = {
    "requestBody": {
        "required": True,
        "content": {"application/cloudevents+json": {"schema": Message.model_json_schema()}},
    }
}


class _Search(BaseModel):
    """Query parameters of the search."""

    model_config = ConfigDict(extra="forbid")

    type: str | None = None
    state: str | None = None
    text: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    after: Annotated[int | None, Field(ge=0, lt=2**63)] = None

    def to_query(self) -> MessageQuery:
        return MessageQuery(self.type, self.state, self.text, self.limit, self.after)


def message_routes(services: GatewayServices, metrics: Metrics) -> APIRouter:
    """Publish, search, show, trace, explain."""
    routes = APIRouter(prefix="/v1", tags=["messages"])

    @routes.post("/messages", status_code=202, openapi_extra=_BODY)
    async def publish(request: Request) -> JSONResponse:
        """Publish a structured CloudEvent: 202 when new, 200 when it was accepted before."""
        message, accepted = await _accept(services, metrics, await _body(request))
        answer = {
            "id": message.id,
            "new": accepted.is_new,
            "partition": accepted.partition,
            "entry_id": accepted.entry_id,
        }
        headers = {"Location": f"/v1/messages/{quote(message.id, safe='')}"}
        return JSONResponse(answer, 202 if accepted.is_new else 200, headers=headers)

    @routes.get("/messages")
    async def search(query: Annotated[_Search, Query()]) -> dict[str, JsonValue]:
        """Newest first; pass `next` as `after` for the next page."""
        found = await services.store.search(query.to_query())
        following = found[-1].seq if len(found) == query.limit else None
        return {"messages": [message_view(message) for message in found], "next": following}

    @routes.get("/messages/{message_id:path}")
    async def show(message_id: str) -> dict[str, JsonValue]:
        """One message: its journey, and the whole of it."""
        traced, body = await services.store.find(message_id)
        return traced_view(traced) | {"message": body}

    @routes.get("/trace/{key:path}")
    async def trace(key: str) -> dict[str, JsonValue]:
        """The journey of a message, a document or a dossier."""
        found = await services.store.trace(key)
        if not found:
            raise NotFoundError(
                f"nothing is known under {key!r} (message id, subject, correlation id, số/ký hiệu, mã hồ sơ)"
            )
        return {"key": key, "messages": [traced_view(traced) for traced in found]}

    @routes.post("/routes/explain", openapi_extra=_BODY)
    async def explain(request: Request) -> dict[str, JsonValue]:
        """Who would get this message, and why; nothing is sent."""
        return decision_view(services.router.explain(Message.from_json(await _body(request))))

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


async def _body(request: Request) -> bytes:
    """The raw body; other content types are refused, which also keeps plain cross-site forms out."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _JSON_TYPES:
        raise HTTPException(
            415, f"content type {given or '(none)'!r}; send application/cloudevents+json (structured mode)"
        )
    return await request.body()
