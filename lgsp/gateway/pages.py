"""Health, metrics and the landing page."""

from html import escape
from importlib.resources import files
from string import Template

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from lgsp.gateway.metrics import Metrics
from lgsp.gateway.monitor import monitor_routes
from lgsp.gateway.ports import GatewayServices

__all__ = ["page_routes"]


def page_routes(services: GatewayServices, metrics: Metrics) -> APIRouter:
    """What people and supervisors look at first."""
    routes = APIRouter()
    page = Template(files("lgsp.gateway").joinpath("landing.html").read_text(encoding="utf-8"))

    async def exposition() -> bytes:
        return await metrics.text(services)

    routes.include_router(monitor_routes(services.readiness, exposition))

    @routes.get("/", include_in_schema=False)
    async def landing() -> HTMLResponse:
        rows = "".join(
            f"<tr><td>{escape(route.name)}</td><td>{escape(', '.join(route.when))}</td>"
            f"<td>{escape(', '.join(route.to))}</td></tr>"
            for route in services.router.routes
        )
        return HTMLResponse(page.substitute(routes=rows))

    return routes
