"""The bus: publish, route stage, deliver stages, adapters' polling; start, drain, stop."""

from lgsp.bus.activity import Steps, Telling
from lgsp.bus.bus import Bus, BusParts
from lgsp.bus.counts import WorkerCounts
from lgsp.bus.intake import BusIntake
from lgsp.bus.journal_tap import JournalTap
from lgsp.bus.patience import publish_all_when_there_is_room, publish_when_there_is_room
from lgsp.bus.standing import Configured, Standing, SystemView
from lgsp.bus.worker import Worker, WorkerSettings

__all__ = [
    "Bus",
    "BusIntake",
    "BusParts",
    "Configured",
    "JournalTap",
    "Standing",
    "Steps",
    "SystemView",
    "Telling",
    "Worker",
    "WorkerCounts",
    "WorkerSettings",
    "publish_all_when_there_is_room",
    "publish_when_there_is_room",
]
