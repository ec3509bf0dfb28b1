"""What a replay would do, before it does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lgsp.errors import Fault, NotFoundError
from lgsp.remark import Remark
from lgsp.store import MessageStore

__all__ = ["DryRun", "Forecast", "Verdict", "has_delivered"]


class Verdict(StrEnum):
    """`send`: it goes out. `dropped`: it goes out, and the receiver, which has it already, drops it. All others are refused."""

    SEND = "send"
    DROPPED = "dropped"
    EXPIRED = "expired"
    INVALID = "invalid"
    UNROUTED = "unrouted"
    NO_SYSTEM = "no_system"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of one dead letter; `to` are the systems that would get it."""

    id: str
    verdict: Verdict
    message_id: str = ""
    subject: str = ""
    to: tuple[str, ...] = ()
    remark: Remark | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def detail(self) -> str:
        """Why, in English."""
        return str(self.remark or "")


@dataclass(frozen=True, slots=True)
class DryRun:
    """Of `total` that fit, the first `examined` in the order in which they would go."""

    total: int
    examined: int
    verdicts: Mapping[str, int]
    forecasts: tuple[Forecast, ...]


async def has_delivered(store: MessageStore, message_id: str, system: str) -> bool:
    """Whether that system has taken the message before, as far as the message store knows."""
    try:
        traced, _ = await store.find(message_id)
    except NotFoundError:
        return False
    return any(step.step == "delivered" and step.system == system for step in traced.steps)
