"""Where a packet came from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lgsp.adapter import Ports
from lgsp.standards.signatures import TrustStore

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """The system that a packet came from, when, and whose signatures are believed."""

    system: str
    now: datetime
    trust: Callable[[], TrustStore] = TrustStore

    @classmethod
    def of(cls, ports: Ports) -> "Source":
        """The system of an adapter, now."""
        return cls(ports.system, ports.clock.now(), ports.trust)

    @property
    def path(self) -> str:
        """The message's `source`."""
        return f"/systems/{self.system}"
