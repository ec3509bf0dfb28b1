"""/api/lab: what people try out, and what the console's lab stands on."""

from fastapi import APIRouter

from lgsp.clock import SteerableClock
from lgsp.gateway.clock import clock_routes
from lgsp.gateway.lab.faults import FaultOrder, Faults, FaultView, fault_routes
from lgsp.gateway.lab.sample_routes import sample_routes, send, send_sample
from lgsp.gateway.lab.samples import Filling, Sample, orders_of, sample_files, sample_of, samples, samples_of
from lgsp.gateway.lab.sending import Order, stored
from lgsp.gateway.lab.stage import MOST_PAUSE_S, StageView, scenario_of, stage_of, stage_routes
from lgsp.gateway.lab.stand_ins import begin_anew, stand_in_routes, stand_ins_of
from lgsp.gateway.ports import GatewayServices

__all__ = [
    "MOST_PAUSE_S",
    "FaultOrder",
    "FaultView",
    "Faults",
    "Filling",
    "Order",
    "Sample",
    "StageView",
    "begin_anew",
    "lab_routes",
    "orders_of",
    "sample_files",
    "sample_of",
    "samples",
    "samples_of",
    "scenario_of",
    "send",
    "send_sample",
    "stage_of",
    "stand_ins_of",
    "stored",
]


def lab_routes(services: GatewayServices, clock: SteerableClock | None) -> APIRouter:
    """Everything below /api/lab; the clock is the one of /api/clock."""
    routes = APIRouter(prefix="/api/lab", tags=["lab"])
    routes.include_router(stage_routes(services))
    routes.include_router(fault_routes(services))
    routes.include_router(stand_in_routes(services))
    routes.include_router(sample_routes(services))
    if clock is not None:
        routes.include_router(clock_routes(clock, prefix="/clock"))
    return routes
