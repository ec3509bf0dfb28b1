"""create_gateway: the FastAPI app over the ports that it is given."""

from fastapi import FastAPI
from starlette.types import Lifespan

from lgsp import __version__
from lgsp.clock import SteerableClock
from lgsp.gateway.attachments import attachment_routes
from lgsp.gateway.bundle import bundle_routes
from lgsp.gateway.clock import clock_routes
from lgsp.gateway.contracts import contract_routes
from lgsp.gateway.dead import dead_routes
from lgsp.gateway.dead_tasks import task_routes
from lgsp.gateway.flow import flow_routes
from lgsp.gateway.guard import Guard
from lgsp.gateway.holdings import holdings_routes
from lgsp.gateway.inbox import inbox_routes
from lgsp.gateway.indicators import indicator_routes
from lgsp.gateway.lab import lab_routes
from lgsp.gateway.limits import BodyLimit
from lgsp.gateway.messages import message_routes
from lgsp.gateway.metrics import Metrics
from lgsp.gateway.pages import page_routes
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented, install
from lgsp.gateway.publish import publish_routes
from lgsp.gateway.reconcile import reconcile_routes
from lgsp.gateway.refused import invalid_routes, schema_routes
from lgsp.gateway.standing import standing_routes
from lgsp.gateway.statistics import statistics_routes
from lgsp.gateway.verify import verify_routes
from lgsp.gateway.wire import wire_routes
from lgsp.gateway.wires import Gateway

__all__ = ["create_gateway"]


def create_gateway(
    services: GatewayServices,
    *,
    lifespan: Lifespan[FastAPI] | None = None,
    clock: SteerableClock | None = None,
    local_only: bool = False,
) -> FastAPI:
    """The gateway; systems that call the bus find their wire under `/in/<system>`. Without `clock` nobody can steer the time.

    `local_only`: it is bound to this machine, so a foreign Host header means that a page has rebound its name.
    """
    app = Gateway(
        title="LGSP",
        version=__version__,
        description="Gateway of the bus. Trục tích hợp, chia sẻ dữ liệu cấp tỉnh.",
        lifespan=lifespan,
        responses=documented(404, 422, 500, 503),
    )
    metrics = Metrics()
    publishing = publish_routes(services, metrics)
    app.include_router(publishing)
    app.include_router(inbox_routes(services.inboxes))
    app.include_router(page_routes(services, metrics))
    app.include_router(wire_routes(services))
    app.include_router(attachment_routes(services))
    app.include_router(bundle_routes(services))  # before the messages, whose ids may contain slashes
    app.include_router(message_routes(services))
    app.include_router(flow_routes(services))
    app.include_router(holdings_routes(services))
    app.include_router(task_routes(services.dead_letters))
    app.include_router(dead_routes(services.dead_letters))
    app.include_router(invalid_routes(services))
    app.include_router(schema_routes(services))
    app.include_router(contract_routes(services))
    app.include_router(reconcile_routes(services))
    app.include_router(statistics_routes(services))
    app.include_router(verify_routes(services))
    app.include_router(standing_routes(services))
    app.include_router(indicator_routes(services))
    app.include_router(lab_routes(services, clock))
    if clock is not None:
        app.include_router(clock_routes(clock))
    install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, local_only=local_only)
    app.mount_wires(services.callbacks, services.wire)
    app.shorten(publishing.routes)
    return app
