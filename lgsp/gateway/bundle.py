"""/api/messages/{id}/bundle: everything that is known of one message, in one piece."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import JsonValue

from lgsp.errors import InvalidMessageError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import decision_view, traced_view
from lgsp.gateway.wire import exchange_view
from lgsp.message import Message
from lgsp.routing import RoutingDecision
from lgsp.store import TracedMessage
from lgsp.wirelog import StoredExchange

__all__ = ["Bundle", "bundle", "bundle_routes", "bundle_view"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A message and what belongs to it. `decision` None: its content can't be read any more; `exchanges` None: no wire log."""

    traced: TracedMessage
    body: dict[str, JsonValue]
    conversation: tuple[TracedMessage, ...]
    decision: RoutingDecision | None
    exchanges: Sequence[StoredExchange] | None


async def bundle(services: GatewayServices, message_id: str) -> Bundle:
    """Collect.

    Raises:
        NotFoundError: the store does not know it.
    """
    traced, body = await services.store.find(message_id)
    try:
        decision = services.router.explain(Message.model_validate(body))
    except (InvalidMessageError, ValueError):
        decision = None
    exchanges = None
    if services.wire is not None:
        receipts = [(step.system, step.detail) for step in traced.steps if step.step == "delivered"]
        exchanges = await services.wire.find(message_id, receipts)
    conversation = await services.store.trace(traced.message.correlation_id or traced.message.subject)
    return Bundle(traced, body, conversation or (traced,), decision, exchanges)


def bundle_view(found: Bundle) -> dict[str, JsonValue]:
    """As JSON."""
    return {
        **traced_view(found.traced),
        "message": found.body,
        "conversation": [traced_view(one) for one in found.conversation],
        "routing": decision_view(found.decision) if found.decision else None,
        "wire": None if found.exchanges is None else [exchange_view(one) for one in found.exchanges],
    }


def bundle_routes(services: GatewayServices) -> APIRouter:
    """One question."""
    routes = APIRouter(prefix="/api/messages", tags=["messages"])

    @routes.get("/{message_id:path}/bundle")
    async def whole(message_id: str) -> dict[str, JsonValue]:
        """The message, its journey, its conversation, what the routes say of it now, and what went over the wire."""
        return bundle_view(await bundle(services, message_id))

    return routes
