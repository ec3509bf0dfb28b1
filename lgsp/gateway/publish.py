"""/v1/messages: how a connector in any language publishes. `/v1` is for connectors, `/api` for people's tools."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lgsp.channels import Accepted
from lgsp.errors import Fault, InvalidMessageError, LgspError
from lgsp.gateway.batch import BatchReceipt, Event, Receipt, batch_answer
from lgsp.gateway.events import PUBLISH_BODY, batch_items, event_body, event_bytes, media_type
from lgsp.gateway.limits import BATCH
from lgsp.gateway.metrics import Metrics
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.message import Message
from lgsp.routing.signatures import has_verdicts

__all__ = ["check_verdicts", "publish_routes"]

_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": Receipt | BatchReceipt, "description": "Accepted; of a batch, every event."},
    200: {"model": Receipt | BatchReceipt, "description": "Accepted before; of a batch, every event."},
    207: {"model": BatchReceipt, "description": "Some events of the batch were accepted, and some refused."},
    **documented(400, 413, 415, 422, 429, 503),
}


def publish_routes(services: GatewayServices, metrics: Metrics) -> APIRouter:
    """The way in."""
    routes = APIRouter(prefix="/v1", tags=["publish"])

    async def accept(raw: bytes) -> Receipt:
        return await _accept(services, metrics, raw)

    @routes.post("/messages", status_code=202, openapi_extra=PUBLISH_BODY, responses=_ANSWERS)
    async def publish(request: Request) -> Response:
        """Publish a CloudEvent, or a batch of them. The same (source, id) again is one message.

        Events of one subject are delivered in the order of their acceptance; a batch is accepted in the order in which it stands.
        """
        if media_type(request) == BATCH:
            return batch_answer(await _accept_all(services, metrics, batch_items(await request.body())))
        receipt = await accept(await event_body(request))
        headers = {"Location": f"/api/messages/{quote(receipt.id, safe='')}"}
        return JSONResponse(receipt.model_dump(), 202 if receipt.new else 200, headers=headers)

    return routes


async def _accept(services: GatewayServices, metrics: Metrics, raw: bytes) -> Receipt:
    """Publish; what is invalid is kept in the invalid message channel besides."""
    reference = "gateway"
    try:
        message = Message.from_json(raw)
        reference = message.id
        check_verdicts(message)
        accepted = await services.publisher.publish(message)
    except LgspError as exc:
        metrics.refused.labels(exc.code).inc()
        if isinstance(exc, InvalidMessageError):
            await services.publisher.refuse(raw, exc, reference, "gateway")
        raise
    counter = metrics.accepted if accepted.is_new else metrics.repeated
    counter.labels(message.kind).inc()
    return Receipt.model_construct(
        id=message.id, new=accepted.is_new, partition=accepted.partition, entry_id=accepted.entry_id
    )


async def _accept_all(services: GatewayServices, metrics: Metrics, items: Sequence[object]) -> list[Event]:
    """Publish side by side, so that events share their round trips; events of one partition keep their order."""
    events = [_read(item) for item in items]
    good = [event for event in events if event.result is None]
    messages = [event.message for event in good if event.message is not None]
    for event, published in zip(good, await services.publisher.publish_all(messages), strict=True):
        event.result = published
    counted: Counter[tuple[bool, str]] = Counter()
    refused = []
    for event in events:
        result, message = event.result, event.message
        if isinstance(result, Accepted) and message is not None:
            counted[result.is_new, message.kind] += 1
        elif isinstance(result, LgspError):
            metrics.refused.labels(result.code).inc()
            if isinstance(result, InvalidMessageError) and event.raw:
                reference = message.id if message else "gateway"
                refused.append(services.publisher.refuse(event.raw, result, reference, "gateway"))
    for (is_new, kind), number in counted.items():
        (metrics.accepted if is_new else metrics.repeated).labels(kind).inc(number)
    await asyncio.gather(*refused)
    return events


def _read(item: object) -> Event:
    event = Event(item)
    try:
        event.raw = event_bytes(item)
        event.message = Message.from_json(event.raw)
        check_verdicts(event.message)
    except Exception as exc:  # noqa: BLE001 - one event of many: it takes none down
        event.result = exc
    return event


def check_verdicts(message: Message) -> None:
    """A verdict on signatures is given by the adapter that saw them, never by whoever publishes.

    Raises:
        InvalidMessageError: the message claims one.
    """
    if message.kind.startswith("document.") and has_verdicts(message.data):
        wrong = "verdicts on signatures are given by the bus; leave them out"
        wrong_vi = "kết quả kiểm tra chữ ký do hệ thống ghi; hãy bỏ trường này"
        raise InvalidMessageError(
            message.kind, [Fault("signature.claimed", "/data/signatures", wrong, wrong_vi)]
        )
