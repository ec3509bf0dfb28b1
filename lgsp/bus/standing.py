"""How the bus stands: its streams, its server and its systems, for people to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from lgsp.adapter import Polls, Sends, TakesCallbacks
from lgsp.bus.bus import Bus
from lgsp.channels import (
    Capability,
    HeldSubject,
    PartitionView,
    capabilities,
    held_subject,
    held_subjects,
    overview,
)
from lgsp.retry import Circuit

__all__ = ["CircuitView", "Configured", "Standing", "SystemView"]


@dataclass(frozen=True, slots=True)
class CircuitView:
    """Whether the system is away, as this process's worker found; `failures` in a row."""

    is_open: bool
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class Configured:
    """A system as the configuration names it. `stand_in`: base URL of the stand-in that plays it, "" where it is a real one."""

    adapter: str
    url: str
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class SystemView:
    """A system, what its adapter can do, and what waits for it.

    `circuit` (of sending) and `polling` None: no worker in this process that would know.
    """

    name: str
    adapter: str
    url: str
    stand_in: bool
    sends: bool
    polls: bool
    is_called: bool
    circuit: CircuitView | None
    polling: CircuitView | None
    waiting: int
    held: int


class Standing:
    """Asks; changes nothing."""

    def __init__(self, bus: Bus, configured: Mapping[str, Configured]) -> None:
        self._bus = bus
        self._configured = configured

    async def partitions(self) -> Sequence[PartitionView]:
        """Every partition: lease, streams, groups, what is held."""
        parts = self._bus.parts
        return await overview(parts.server, parts.keys, tuple(sorted(parts.adapters)))

    async def held(self, subject: str) -> Sequence[HeldSubject]:
        """Where the messages of a subject wait for one of them."""
        parts = self._bus.parts
        return await held_subject(parts.server, parts.keys, tuple(sorted(parts.adapters)), subject)

    async def all_held(self, system: str | None, *, limit: int) -> Sequence[HeldSubject]:
        """Held subjects, of one system or of all, the earliest due first."""
        parts = self._bus.parts
        systems = (
            sorted(parts.adapters) if system is None else [one for one in parts.adapters if one == system]
        )
        return await held_subjects(parts.server, parts.keys, systems, limit=limit)

    async def capabilities(self) -> Sequence[Capability]:
        """What the server can do, and what that means for the promises."""
        return await capabilities(self._bus.parts.server)

    async def now_ms(self) -> int:
        """The server's time."""
        return await self._bus.parts.server.now_ms()

    async def systems(self) -> Sequence[SystemView]:
        """The systems, in the order of the configuration."""
        waiting = await self._bus.waiting()
        return [self._view(name, configured, waiting) for name, configured in self._configured.items()]

    def _view(self, name: str, configured: Configured, waiting: Mapping[str, int]) -> SystemView:
        adapter = self._bus.parts.adapters.get(name)
        return SystemView(
            name,
            configured.adapter,
            _without_credentials(configured.url),
            bool(configured.stand_in),
            isinstance(adapter, Sends),
            isinstance(adapter, Polls),
            isinstance(adapter, TakesCallbacks),
            _circuit(self._bus.circuits.get(name)),
            _circuit(self._bus.asking.get(name)) if isinstance(adapter, Polls) else None,
            waiting.get(f"out:{name}", 0),
            waiting.get(f"held:{name}", 0),
        )


def _circuit(circuit: Circuit | None) -> CircuitView | None:
    return CircuitView(circuit.is_open, circuit.failures, circuit.reason) if circuit else None


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
