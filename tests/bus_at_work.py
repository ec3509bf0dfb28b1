"""The whole bus on a real server, with a system and a store played by fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from lgsp.adapter import Delivery, Receipt
from lgsp.bus import Bus, BusParts, JournalTap, Worker, WorkerSettings
from lgsp.bus.journal_tap import JournalSink
from lgsp.channels import DeadEntry, DeadLetterChannel, Keys, Server
from lgsp.clock import Clock, SystemClock
from lgsp.endpoint import EndpointSettings
from lgsp.retry import RetryPolicy
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.store.journal import JournalEntry

KEYS = Keys(partitions=2)
TO_AXIS = Route("all", ("document.*",), ("axis",), recipients=("*.G22",))
FAST = EndpointSettings(
    policy=RetryPolicy(base_s=0.02, cap_s=0.05, max_attempts=3),
    send_timeout_s=2.0,
    early_limit_s=1.0,
)


@dataclass
class FakeSystem:
    """Holds what it took; `refuse` may raise instead."""

    refuse: Callable[[Delivery], None] = lambda _: None
    holds: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    calls: int = 0
    gate: asyncio.Event | None = None

    async def send(self, delivery: Delivery) -> Receipt:
        self.calls += 1
        self.keys.append(delivery.idempotency_key)
        if self.gate is not None:
            await self.gate.wait()
        self.refuse(delivery)
        self.holds.append(delivery.message.id)
        return Receipt(f"doc-{delivery.message.id}")


@dataclass
class FakeStore:
    entries: list[JournalEntry] = field(default_factory=list)

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        self.entries += entries

    def steps(self, message_id: str) -> list[tuple[str, str]]:
        return [(entry.step, entry.system) for entry in self.entries if entry.message_id == message_id]


@asynccontextmanager
async def running(
    server: Server,
    system: FakeSystem,
    store: JournalSink | None = None,
    *,
    clock: Clock | None = None,
    endpoint: EndpointSettings = FAST,
    route: Route = TO_AXIS,
    lease_ttl_s: float = 1.0,
) -> AsyncIterator[Bus]:
    bus = Bus(
        BusParts(server, KEYS, Router([route]), SchemaRegistry(), clock or SystemClock(), {"axis": system})
    )
    await bus.open()
    settings = WorkerSettings(lease_ttl_s=lease_ttl_s, look_round_s=0.02, drain_s=5.0, endpoint=endpoint)
    stopping = asyncio.Event()
    tap, tapped = JournalTap(server, KEYS, store or FakeStore()), asyncio.Event()
    tapping = asyncio.create_task(tap.run(tapped))
    worker = asyncio.create_task(Worker(bus, "worker-1", settings).run(stopping))
    try:
        yield bus
    finally:
        stopping.set()
        await worker
        tapped.set()
        await tapping


async def dead(server: Server) -> list[DeadEntry]:
    return [entry async for entry in DeadLetterChannel(server, KEYS).heads()]
