"""What supervisors ask every part: alive, ready, and counts; also a worker that has no gateway beside it."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from lgsp.clock import SteerableClock
from lgsp.gateway.clock import clock_routes

__all__ = ["create_monitor", "monitor_routes"]

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
Exposition = Callable[[], Awaitable[bytes]]


def monitor_routes(readiness: Readiness, exposition: Exposition) -> APIRouter:
    """Health and metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        """Every part is ready (200), or not (503)."""
        parts = dict(await readiness())
        return JSONResponse(
            {"ready": all(parts.values()), "parts": parts}, 200 if all(parts.values()) else 503
        )

    @routes.get("/metrics")
    async def prometheus() -> Response:
        """Prometheus exposition format."""
        return Response(await exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def create_monitor(
    readiness: Readiness, registry: CollectorRegistry, clock: SteerableClock | None = None
) -> FastAPI:
    """The whole HTTP face of a worker that runs alone. Without `clock` nobody can steer its time."""

    async def exposition() -> bytes:
        return generate_latest(registry)

    app = FastAPI(title="LGSP worker", openapi_url=None)
    app.include_router(monitor_routes(readiness, exposition))
    if clock is not None:
        app.include_router(clock_routes(clock))
    return app
