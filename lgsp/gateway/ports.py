"""What the gateway needs from the rest, as ports of a few methods each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry
from pydantic import JsonValue
from starlette.routing import BaseRoute

from lgsp.adapter import BlobStore, Pulled
from lgsp.bus import SystemView
from lgsp.channels import Accepted, Activity, Capability, HeldSubject, InvalidEntry, PartitionView
from lgsp.clock import Clock, SystemClock
from lgsp.dead_letters import DeadLetters
from lgsp.errors import InvalidMessageError
from lgsp.gateway.stand_ins import StandIns
from lgsp.message import Message
from lgsp.reconcile import Reconciliation
from lgsp.routing import Router
from lgsp.scenario import Stage
from lgsp.schemas import SchemaRegistry
from lgsp.standards.statistics import AgencyRow, Row
from lgsp.store import Counted, Flow, MessageQuery, StoredMessage, TracedMessage
from lgsp.verify import Verification
from lgsp.wirelog import WireLog

__all__ = [
    "Accountant",
    "GatewayServices",
    "History",
    "Publisher",
    "Recounter",
    "RefusedDesk",
    "StandingDesk",
]


class Publisher(Protocol):
    """The way in."""

    async def publish(self, message: Message) -> Accepted:
        """Check and accept.

        Raises:
            InvalidMessageError, BackpressureError, ChannelUnavailableError: as their docstrings say.
        """
        ...

    async def publish_all(self, messages: Sequence[Message]) -> Sequence[Accepted | Exception]:
        """As `publish` for each, in order; what one of them raises stands in its place."""
        ...

    async def refuse(self, raw: bytes, error: InvalidMessageError, reference: str, system: str) -> None:
        """Keep what could not be accepted in the invalid message channel."""
        ...


class History(Protocol):
    """The message store as the gateway asks it."""

    async def search(self, query: MessageQuery) -> tuple[StoredMessage, ...]:
        """Messages that fit, newest first."""
        ...

    async def find(self, message_id: str) -> tuple[TracedMessage, dict[str, JsonValue]]:
        """One message, its journey and its JSON; NotFoundError when unknown."""
        ...

    async def bodies(self, seqs: Sequence[int]) -> Mapping[int, bytes]:
        """The messages' JSON by `seq`."""
        ...

    async def flows(self, *, since_ms: int, until_ms: int) -> Sequence[Flow]:
        """What was accepted in a span of time, counted by source, type and how it stands now."""
        ...

    async def waiting_since(self) -> Mapping[str, int]:
        """Of each system that has yet to take something: when the oldest of it was accepted, in milliseconds."""
        ...

    async def count_up(self) -> Counted:
        """Let the tally take in what came since, a bounded number of messages; how far it is then."""
        ...

    async def agencies(self, start: date, end: date) -> Sequence[AgencyRow]:
        """Documents by agency within these days, the total last."""
        ...

    async def dossier_form(self, start: date, end: date) -> Sequence[Row]:
        """Form 06a for these days, the total last; ValueError where they end before they begin."""
        ...

    async def procedures(self) -> tuple[int, int]:
        """How many procedures were published, and how many of them arrived."""
        ...

    async def trace(self, key: str) -> tuple[TracedMessage, ...]:
        """Everything about a document or dossier."""
        ...


class Watched(Protocol):
    """What just moved."""

    async def since(self, entry_id: str) -> Sequence[Activity]:
        """Behind that id, oldest first; "" is all that is kept."""
        ...

    async def last_id(self) -> str:
        """Where it ends."""
        ...


class RefusedDesk(Protocol):
    """What was refused; an unknown id raises NotFoundError."""

    async def list(self, *, limit: int = 100) -> Sequence[InvalidEntry]:
        """The newest first."""
        ...

    async def get(self, invalid_id: str) -> InvalidEntry:
        """One, with its content."""
        ...


class Accountant(Protocol):
    """Reconciliation."""

    async def run(self, system: str, *, since: timedelta, mend: bool) -> Reconciliation:
        """Compare what was delivered with what the system holds; NotFoundError for one that can't be asked."""
        ...


class Recounter(Protocol):
    """The law."""

    async def verify(self, *, receivers: bool = False) -> Verification:
        """Recount every message; where wanted, ask the receiving systems too."""
        ...


class StandingDesk(Protocol):
    """How the bus stands."""

    async def partitions(self) -> Sequence[PartitionView]:
        """Every partition: lease, streams, groups, what is held."""
        ...

    async def held(self, subject: str) -> Sequence[HeldSubject]:
        """Where the messages of a subject wait for one of them."""
        ...

    async def all_held(self, system: str | None, *, limit: int) -> Sequence[HeldSubject]:
        """Held subjects, the earliest due first."""
        ...

    async def capabilities(self) -> Sequence[Capability]:
        """What the server can do, and what that means for the promises."""
        ...

    async def systems(self) -> Sequence[SystemView]:
        """Each system of the configuration, with what waits for it."""
        ...

    async def now_ms(self) -> int:
        """The server's time."""
        ...


class _Still:
    """Nothing moves."""

    async def since(self, entry_id: str) -> Sequence[Activity]:
        return ()

    async def last_id(self) -> str:
        return "0-0"


async def _nothing_waits() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True)
class GatewayServices:
    """The parts behind the gateway. `callbacks` are mounted under `/in/<system>`; `waiting` feeds /metrics.

    `registry` has what other parts of this process count; `stopping` ends the answers that otherwise never end.
    """

    publisher: Publisher
    dead_letters: DeadLetters
    store: History
    invalid: RefusedDesk
    reconciler: Accountant
    verifier: Recounter
    router: Router
    schemas: SchemaRegistry
    readiness: Callable[[], Awaitable[Mapping[str, bool]]]
    callbacks: Mapping[str, Sequence[BaseRoute]] = field(default_factory=dict)
    waiting: Callable[[], Awaitable[Mapping[str, int]]] = _nothing_waits
    wire: WireLog | None = None
    activity: Watched = field(default_factory=_Still)
    clock: Clock = field(default_factory=SystemClock)
    systems: tuple[str, ...] = ()
    standing: StandingDesk | None = None
    stand_ins: StandIns | None = None
    stage: Stage | None = None
    blobs: BlobStore | None = None
    inboxes: Mapping[str, Pulled] = field(default_factory=dict)
    registry: CollectorRegistry | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
