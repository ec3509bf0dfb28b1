"""Health, metrics and the landing page."""

from html import escape
from importlib.resources import files
from string import Template

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse, Response

from lgsp.gateway.metrics import Metrics
from lgsp.gateway.ports import GatewayServices

__all__ = ["page_routes"]


def page_routes(services: GatewayServices, metrics: Metrics) -> APIRouter:
    """What people and supervisors look at first."""
    routes = APIRouter(tags=["health"])
    page = Template(files("lgsp.gateway").joinpath("landing.html").read_text(encoding="utf-8"))

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        """Every part is ready (200), or not (503)."""
        parts = dict(await services.readiness())
        return JSONResponse(
            {"ready": all(parts.values()), "parts": parts}, 200 if all(parts.values()) else 503
        )

    @routes.get("/metrics")
    async def prometheus() -> Response:
        """Prometheus exposition format."""
        return Response(await metrics.text(services), media_type="text/plain; version=0.0.4; charset=utf-8")

    @routes.get("/", include_in_schema=False)
    async def landing() -> HTMLResponse:
        rows = "".join(
            f"<tr><td>{escape(route.name)}</td><td>{escape(', '.join(route.when))}</td>"
            f"<td>{escape(', '.join(route.to))}</td></tr>"
            for route in services.router.routes
        )
        return HTMLResponse(page.substitute(routes=rows))

    return routes
