"""What runs, and what a caller may put in the place of what the settings say."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from lgsp.attachments import FileBlobStore
from lgsp.bus import (
    Bus,
    WorkerSettings,
)
from lgsp.clock import Clock, SteerableClock
from lgsp.dead_letters import DeadLetters
from lgsp.errors import LgspError
from lgsp.settings import Settings
from lgsp.store import MessageStore
from lgsp.wirelog import WireLog

__all__ = ["Overrides", "Running", "blob_store", "readiness_of", "steerable"]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a test, or a caller with its own parts, puts in the place of what the settings say.

    `tap_apart` gives the wire tap a process of its own: worth half a second of starting where much flows for long.
    """

    clock: Clock = field(default_factory=SteerableClock)
    adapters: Mapping[str, object] | None = None
    worker: WorkerSettings | None = None
    autopilot: bool = True
    tap_apart: bool = False
    standins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Settings of stand-ins by name, over those that the process has for them."""


@dataclass(frozen=True, slots=True)
class Running:
    """A system that runs. `urls` has the base of `gateway` and of every stand-in of this process."""

    settings: Settings
    clock: Clock
    urls: Mapping[str, str]
    bus: Bus | None = None
    dead_letters: DeadLetters | None = None
    store: MessageStore | None = None
    wire: WireLog | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def steerable(system: Running) -> SteerableClock | None:
    """Its clock, where it can be steered."""
    return system.clock if isinstance(system.clock, SteerableClock) else None


def readiness_of(system: Running) -> Callable[[], Awaitable[Mapping[str, bool]]]:
    """What answers `/ready`: whether each thing that it stands on can be reached."""

    async def readiness() -> Mapping[str, bool]:
        if system.bus is None:
            return {}
        try:
            await system.bus.waiting()
        except LgspError:
            return {"redis": False}
        return {"redis": True}

    return readiness


def blob_store(system: Running) -> FileBlobStore:
    """Where attachments are."""
    return FileBlobStore(system.settings.data_dir / "blobs")
