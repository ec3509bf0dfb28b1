"""The bus: publish, route stage, deliver stages, adapters' polling; start, drain, stop."""

from lgsp.bus.activity import Telling
from lgsp.bus.bus import Bus, BusParts
from lgsp.bus.counts import WorkerCounts
from lgsp.bus.intake import BusIntake
from lgsp.bus.standing import Configured, Standing, SystemView
from lgsp.bus.worker import Worker, WorkerSettings

__all__ = [
    "Bus",
    "BusIntake",
    "BusParts",
    "Configured",
    "Standing",
    "SystemView",
    "Telling",
    "Worker",
    "WorkerCounts",
    "WorkerSettings",
]
