"""/api/streams, /api/systems and GET /api/routes: how the bus stands."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from lgsp.channels import PartitionView
from lgsp.errors import NotFoundError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.views import held_view, iso

__all__ = ["partition_view", "standing_routes"]


def standing_routes(services: GatewayServices) -> APIRouter:
    """Read only."""
    routes = APIRouter(prefix="/api")

    @routes.get("/streams", tags=["streams"])
    async def streams() -> dict[str, JsonValue]:
        """Each partition: its lease and fencing token, its streams with their group, and the subjects that are held; the server."""
        if services.standing is None:
            raise NotFoundError("this gateway has no streams to look at")
        partitions: list[JsonValue] = [partition_view(one) for one in await services.standing.partitions()]
        server: list[JsonValue] = [asdict(one) for one in await services.standing.capabilities()]
        return {"partitions": partitions, "server": server}

    @routes.get("/held", tags=["streams"])
    async def held(
        system: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, JsonValue]:
        """Subjects whose messages wait for one of them: which, for what attempt, until when; the earliest due first."""
        if services.standing is None:
            raise NotFoundError("this gateway has no streams to look at")
        return {"held": [held_view(one) for one in await services.standing.all_held(system, limit=limit)]}

    @routes.get("/systems", tags=["systems"])
    async def systems() -> dict[str, JsonValue]:
        """Each configured system: what its adapter can do, whether a stand-in plays it, its circuit, what waits for it."""
        if services.standing is None:
            raise NotFoundError("this gateway knows no systems")
        listed: list[JsonValue] = [asdict(one) for one in await services.standing.systems()]
        return {"systems": listed}

    @routes.get("/routes", tags=["messages"])
    async def listing() -> dict[str, JsonValue]:
        """Every rule, in the order of the configuration; all that match take part."""
        return {"routes": [to_jsonable_python(route) for route in services.router.routes]}

    return routes


def partition_view(one: PartitionView) -> dict[str, JsonValue]:
    """As JSON, moments as Vietnamese time."""
    shown: dict[str, JsonValue] = to_jsonable_python(one)
    shown["held"] = [
        {
            "system": held.system,
            "count": held.count,
            "first": [{"subject": subject, "due_at": iso(due_ms)} for subject, due_ms in held.first],
        }
        for held in one.held
    ]
    return shown
