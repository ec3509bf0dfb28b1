"""/api/invalid and /api/schemas."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import invalid_view
from lgsp.schemas import dataschema

__all__ = ["invalid_routes", "schema_routes"]


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
