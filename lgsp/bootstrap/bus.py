"""The bus of a running system: server, store, adapters; its wire tap and its worker."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from lgsp.adapter import Closes, Ports
from lgsp.bootstrap.system import Overrides, Running, blob_store
from lgsp.bus import (
    Bus,
    BusParts,
    JournalTap,
    Telling,
    Worker,
    WorkerCounts,
    WorkerSettings,
)
from lgsp.channels import (
    ActivityLog,
    DeadLetterChannel,
    Keys,
    RedisInbox,
    RedisMailbox,
    Server,
    TaskBook,
)
from lgsp.dead_letters import DeadLetters, Surroundings, TaskRunner, has_delivered
from lgsp.embedded import EmbeddedServer
from lgsp.endpoint import EndpointSettings
from lgsp.errors import ConfigurationError
from lgsp.registry import find_adapter
from lgsp.retry import RetryPolicy
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.settings import SystemSettings, kept_secret
from lgsp.standards import identifiers
from lgsp.standards.signatures import TrustFolder
from lgsp.store import MessageStore
from lgsp.tap_process import TapPlaces, TapProcess
from lgsp.wirelog import WireLog

__all__ = ["start_bus", "start_tap", "start_worker"]


async def start_bus(stack: AsyncExitStack, system: Running, replaced: Overrides) -> Running:
    """`system` with its server, store, adapters and wire log; each is closed by `stack`."""
    settings = system.settings
    url = settings.redis_url
    if url is None:
        embedded = EmbeddedServer(settings.data_dir / "valkey", max_memory_mb=settings.max_memory_mb)
        url = (await stack.enter_async_context(embedded)).url
    server = Server(url, replicas=settings.replicas)
    stack.push_async_callback(server.aclose)
    await server.open()
    store = await MessageStore.open(settings.database_url)
    stack.push_async_callback(store.aclose)
    keys = Keys(partitions=settings.partitions)
    adapters = replaced.adapters if replaced.adapters is not None else _adapters(system, server, store, keys)
    for adapter in adapters.values():
        if isinstance(adapter, Closes):
            stack.push_async_callback(adapter.aclose)
    wire = None
    if settings.wire_log:
        wire = await stack.enter_async_context(WireLog.open(settings.data_dir / "wire.db", system.clock))
    parts = BusParts(
        server,
        keys,
        Router(settings.routes),
        SchemaRegistry(),
        system.clock,
        adapters,
        settings.max_waiting,
        wire,
    )
    bus = Bus(parts)
    await bus.open()
    desk = _desk(bus, store)
    return replace(system, bus=bus, dead_letters=desk, store=store, wire=wire)


def _desk(bus: Bus, store: MessageStore) -> DeadLetters:
    parts = bus.parts
    around = Surroundings(frozenset(parts.adapters), parts.router, bus.admit, partial(has_delivered, store))
    channel, book = DeadLetterChannel(parts.server, parts.keys), TaskBook(parts.server, parts.keys)
    return DeadLetters(channel, book, parts.clock, around)


def _adapters(system: Running, server: Server, store: MessageStore, keys: Keys) -> dict[str, object]:
    blobs = blob_store(system)
    trust = TrustFolder(system.settings.trust_folder)
    adapters: dict[str, object] = {}
    for name, table in system.settings.systems.items():
        mailbox = RedisMailbox(server, keys, name, system.clock)
        inbox = RedisInbox(server, keys, name, system.clock, max_takes=table.max_attempts)
        secret = partial(kept_secret, system.settings.data_dir, name)
        own = {"url": system.urls[name]} if name in system.urls else {}
        factory = find_adapter(table.adapter or name)
        ports = Ports(name, system.clock, blobs, mailbox, inbox, secret, trust, store.about)
        adapters[name] = factory({**table.table(), **own}, ports)
    return adapters


async def start_tap(stack: AsyncExitStack, system: Running, replaced: Overrides) -> WorkerCounts:
    """Started before the worker, so that it stops after it, with every step stored."""
    if system.bus is None or system.store is None:
        raise ConfigurationError("the wire tap needs the bus and the store")
    server, keys, settings = system.bus.parts.server, system.bus.parts.keys, system.settings
    counts = WorkerCounts(system.registry, system.bus)
    if replaced.tap_apart:
        places = TapPlaces(
            redis_url=server.url,
            store_url=settings.database_url,
            partitions=keys.partitions,
            log_level=settings.log_level,
        )
        await stack.enter_async_context(TapProcess(places, counts.add))
        return counts
    stopping = asyncio.Event()
    sink = Telling(system.store, ActivityLog(server, keys), counts.add)
    task = asyncio.create_task(JournalTap(server, keys, sink).run(stopping), name="tap")

    async def drain() -> None:
        stopping.set()
        await task

    stack.push_async_callback(drain)
    return counts


async def start_worker(
    stack: AsyncExitStack, system: Running, replaced: Overrides, counts: WorkerCounts | None
) -> None:
    """The worker and the runner of tasks; stopping finishes what is in hand."""
    if system.bus is None or system.dead_letters is None or counts is None:
        raise ConfigurationError("a worker needs the bus")
    tables = system.settings.systems
    settings = replaced.worker or WorkerSettings(
        endpoints={name: _endpoint(table) for name, table in tables.items()},
        poll_interval_s={name: table.poll_interval_s for name, table in tables.items()},
    )
    owner, parts = identifiers.new_id(), system.bus.parts
    worker = counts.worker = Worker(system.bus, owner, settings)
    runner = TaskRunner(parts.server, parts.keys, system.dead_letters, system.clock, owner)
    stopping = asyncio.Event()
    tasks = [
        asyncio.create_task(worker.run(stopping), name="worker"),
        asyncio.create_task(runner.run(stopping), name="tasks"),
    ]

    async def drain() -> None:
        stopping.set()
        # One that has failed must not cut short the other, which finishes what is in hand.
        for failure in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(failure, Exception):
                raise failure

    stack.push_async_callback(drain)


def _endpoint(table: SystemSettings) -> EndpointSettings:
    return EndpointSettings(
        policy=RetryPolicy(max_attempts=table.max_attempts),
        send_timeout_s=table.send_timeout_s,
        concurrency=table.concurrency,
        drain_per_s=table.drain_per_s,
    )
