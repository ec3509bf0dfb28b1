"""/api/messages/{id}/wire: what went over the wire for a message."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import iso
from lgsp.wirelog import StoredExchange

__all__ = ["exchange_view", "wire_routes"]


def wire_routes(services: GatewayServices) -> APIRouter:
    """One question."""
    routes = APIRouter(prefix="/api/messages", tags=["messages"])

    @routes.get("/{message_id:path}/wire")
    async def wire(message_id: str) -> dict[str, JsonValue]:
        """Each request and answer that brought the message in (`received`) or out (`sent`), in order, credentials masked.

        Attachments stand as their length and SHA-256. `kept` is false where the wire log is switched off (`wire_log = false`);
        of an old message nothing may be left.
        """
        if services.wire is None:
            return {"id": message_id, "kept": False, "exchanges": []}
        traced, _ = await services.store.find(message_id)
        receipts = [(step.system, step.detail) for step in traced.steps if step.step == "delivered"]
        found = await services.wire.find(message_id, receipts)
        return {"id": message_id, "kept": True, "exchanges": [exchange_view(one) for one in found]}

    return routes


def exchange_view(one: StoredExchange) -> dict[str, JsonValue]:
    """As JSON."""
    shown: dict[str, JsonValue] = asdict(one)
    return {"at": iso(one.at_ms), **shown}
