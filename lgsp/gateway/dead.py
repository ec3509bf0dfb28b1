"""/api/dead, /api/invalid and /api/schemas."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import dead_view, invalid_view
from lgsp.schemas import dataschema

__all__ = ["dead_routes", "invalid_routes", "schema_routes"]


def dead_routes(services: GatewayServices) -> APIRouter:
    """List, show, replay, discard."""
    routes = APIRouter(prefix="/api/dead", tags=["dead letters"])
    desk = services.dead_letters

    @routes.get("")
    async def listing(
        system: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, JsonValue]:
        """The oldest first."""
        return {"dead": [dead_view(entry) for entry in await desk.list(system=system, limit=limit)]}

    @routes.get("/{dead_id}")
    async def show(dead_id: str) -> dict[str, JsonValue]:
        """One dead letter with its content."""
        return dead_view(await desk.show(dead_id))

    @routes.post("/{dead_id}/replay")
    async def replay(dead_id: str) -> dict[str, JsonValue]:
        """Send it again, behind what already waits."""
        return dead_view(await desk.replay(dead_id))

    @routes.delete("/{dead_id}")
    async def discard(dead_id: str) -> dict[str, JsonValue]:
        """Give it up for good; the message store keeps its history."""
        return dead_view(await desk.discard(dead_id))

    return routes


def invalid_routes(services: GatewayServices) -> APIRouter:
    """What was refused at the door."""
    routes = APIRouter(prefix="/api/invalid", tags=["refused messages"])

    @routes.get("")
    async def listing(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, JsonValue]:
        """The newest first, without their content."""
        return {"invalid": [invalid_view(entry) for entry in await services.invalid.list(limit=limit)]}

    @routes.get("/{invalid_id}")
    async def show(invalid_id: str) -> dict[str, JsonValue]:
        """One of them, with the beginning of what came."""
        entry = await services.invalid.get(invalid_id)
        return invalid_view(entry) | {"raw": entry.body.decode(errors="replace")}

    return routes


def schema_routes(services: GatewayServices) -> APIRouter:
    """The schema registry."""
    routes = APIRouter(prefix="/api/schemas", tags=["schemas"])

    @routes.get("")
    async def listing() -> dict[str, JsonValue]:
        """Every type and version."""
        names = services.schemas.names()
        return {
            "schemas": [
                {"type": kind, "version": version, "dataschema": dataschema(kind, version)}
                for kind, version in names
            ]
        }

    @routes.get("/{kind}/{version}")
    async def show(kind: str, version: int) -> dict[str, JsonValue]:
        """JSON Schema of the data."""
        return services.schemas.json_schema(kind, version)

    return routes
