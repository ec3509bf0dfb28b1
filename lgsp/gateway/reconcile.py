"""/api/reconcile: does a system hold what was delivered to it?"""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices

__all__ = ["reconcile_routes"]

Hours = Annotated[float, Query(gt=0, le=24 * 3660)]


def reconcile_routes(services: GatewayServices) -> APIRouter:
    """GET compares, POST sends again what is missing."""
    routes = APIRouter(prefix="/api/reconcile", tags=["reconciliation"])

    async def run(system: str, hours: float, *, mend: bool) -> dict[str, JsonValue]:
        ended = await services.reconciler.run(system, since=timedelta(hours=hours), mend=mend)
        missing: list[JsonValue] = [asdict(each) for each in ended.missing]
        return {"system": system, "compared": ended.compared, "mended": ended.mended, "missing": missing}

    @routes.get("/{system}")
    async def compare(system: str, hours: Hours = 168) -> dict[str, JsonValue]:
        """What was delivered within these hours and is not there, and what became a dead letter."""
        return await run(system, hours, mend=False)

    @routes.post("/{system}")
    async def mend(system: str, hours: Hours = 168) -> dict[str, JsonValue]:
        """The same, and each missing message goes out again, in the order of its first delivery."""
        return await run(system, hours, mend=True)

    return routes
