"""Composition root: settings -> a running system. The only place that names concrete classes; no I/O at import."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import httpx
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from lgsp.adapter import Accounts, Closes, Ports, Pulled, TakesCallbacks
from lgsp.attachments import FileBlobStore
from lgsp.bus import (
    Bus,
    BusIntake,
    BusParts,
    Configured,
    Counting,
    JournalTap,
    Standing,
    Telling,
    Worker,
    WorkerCounts,
    WorkerSettings,
)
from lgsp.channels import (
    ActivityLog,
    DeadLetterChannel,
    InvalidMessageChannel,
    Keys,
    RedisInbox,
    RedisMailbox,
    Server,
    TaskBook,
)
from lgsp.clock import Clock, SteerableClock
from lgsp.console import create_console
from lgsp.dead_letters import DeadLetters, Surroundings, TaskRunner, has_delivered
from lgsp.embedded import EmbeddedServer
from lgsp.endpoint import EndpointSettings
from lgsp.errors import ConfigurationError, LgspError
from lgsp.gateway import GatewayServices, StandIns, create_gateway
from lgsp.gateway.monitor import create_monitor
from lgsp.http_server import HttpServer
from lgsp.reconcile import Reconciler
from lgsp.registry import find, find_adapter, find_standin
from lgsp.retry import RetryPolicy
from lgsp.routing import Router
from lgsp.scenario import Stage, World
from lgsp.schemas import SchemaRegistry
from lgsp.settings import Settings, SystemSettings, ensure_data_dir, kept_secret
from lgsp.standards import identifiers
from lgsp.standards.signatures import TrustFolder
from lgsp.standards.tls import client_context
from lgsp.store import MessageStore
from lgsp.tap_process import TapPlaces, TapProcess
from lgsp.verify import Account, Verifier, Witnesses
from lgsp.wirelog import WireLog

__all__ = ["PARTS", "Overrides", "Running", "running"]

PARTS = ("bus", "gateway", "worker", "store")
EVERYTHING = timedelta(days=3650)
_CREATE_STANDIN = "lgsp_mocks.kit.app:create_app"


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


@asynccontextmanager
async def running(
    settings: Settings, *, only: frozenset[str] | None = None, overrides: Overrides | None = None
) -> AsyncIterator[Running]:
    """Start what is asked for (all of it by default), and stop it in the reverse order: drain, then close.

    Raises:
        ConfigurationError: with the place and the remedy; whatever was started by then is stopped again.
    """
    wanted = _wanted(settings, only)
    replaced = overrides or Overrides()
    async with AsyncExitStack() as stack:
        servers = _bind(stack, settings, wanted)
        urls = {name: server.url for name, server in servers.items()}
        system = Running(settings, replaced.clock, urls)
        if wanted.bus:
            await asyncio.to_thread(ensure_data_dir, settings)
            system = await _start_bus(stack, system, replaced)
        apps = {name: _standin(name, system, replaced) for name in wanted.standins}
        stopping = asyncio.Event()
        if "gateway" in servers:
            apps["gateway"] = _gateway(stack, system, stopping)
        if "worker" in servers:
            apps["worker"] = create_monitor(_readiness(system), system.registry, _steerable(system))
        await _serve(stack, [(servers[name], app) for name, app in apps.items()])
        # Before the gateway stops, which waits for the requests in hand.
        stack.callback(stopping.set)
        for adapter in system.bus.parts.adapters.values() if system.bus else ():
            if isinstance(adapter, Pulled):
                stack.push_async_callback(adapter.inbox.aclose)
        counts = await _start_tap(stack, system, replaced) if wanted.store else None
        if wanted.worker:
            await _start_worker(stack, system, replaced, counts)
        yield system


@dataclass(frozen=True, slots=True)
class _Wanted:
    gateway: bool
    worker: bool
    store: bool
    standins: tuple[str, ...]

    @property
    def bus(self) -> bool:
        return self.gateway or self.store


def _wanted(settings: Settings, only: frozenset[str] | None) -> _Wanted:
    if only is None:
        return _Wanted(gateway=True, worker=True, store=True, standins=tuple(settings.mocks))
    known = {*PARTS, *(f"mock:{name}" for name in settings.mocks)}
    if unknown := sorted(only - known):
        raise ConfigurationError(
            f"--only: unknown part {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    standins = tuple(name for name in settings.mocks if f"mock:{name}" in only)
    return _Wanted(
        gateway=bool({"bus", "gateway"} & only),
        worker=bool({"bus", "worker"} & only),
        store=bool({"bus", "worker", "store"} & only),
        standins=standins,
    )


def _bind(stack: AsyncExitStack, settings: Settings, wanted: _Wanted) -> dict[str, HttpServer]:
    ports = {"gateway": settings.port} if wanted.gateway else {}
    if wanted.worker and not wanted.gateway:
        ports["worker"] = settings.worker_port
    ports |= {name: settings.mocks[name] for name in wanted.standins}
    servers = {}
    for name, port in ports.items():
        servers[name] = HttpServer(name, settings.host, port)
        stack.push_async_callback(servers[name].stop)
    return servers


async def _serve(stack: AsyncExitStack, served: Sequence[tuple[HttpServer, ASGIApp]]) -> None:
    """Start and stop them side by side: each takes a moment of its own."""

    async def stop() -> None:
        await asyncio.gather(*(server.stop() for server, _ in served))

    stack.push_async_callback(stop)
    await asyncio.gather(*(server.start(app) for server, app in served))


async def _start_bus(stack: AsyncExitStack, system: Running, replaced: Overrides) -> Running:
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
    adapters = replaced.adapters if replaced.adapters is not None else _adapters(system, server, keys)
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


def _adapters(system: Running, server: Server, keys: Keys) -> dict[str, object]:
    blobs = _blobs(system)
    trust = TrustFolder(system.settings.trust_folder)
    adapters: dict[str, object] = {}
    for name, table in system.settings.systems.items():
        mailbox = RedisMailbox(server, keys, name, system.clock)
        inbox = RedisInbox(server, keys, name, system.clock, max_takes=table.max_attempts)
        secret = partial(kept_secret, system.settings.data_dir, name)
        own = {"url": system.urls[name]} if name in system.urls else {}
        factory = find_adapter(table.adapter or name)
        ports = Ports(name, system.clock, blobs, mailbox, inbox, secret, trust)
        adapters[name] = factory({**table.table(), **own}, ports)
    return adapters


def _blobs(system: Running) -> FileBlobStore:
    return FileBlobStore(system.settings.data_dir / "blobs")


def _gateway(stack: AsyncExitStack, system: Running, stopping: asyncio.Event) -> ASGIApp:
    if system.bus is None or system.dead_letters is None or system.store is None:
        raise ConfigurationError("the gateway needs the bus")
    bus, store = system.bus, system.store
    callbacks: dict[str, Sequence[BaseRoute]] = {
        name: adapter.routes(BusIntake(bus, name))
        for name, adapter in bus.parts.adapters.items()
        if isinstance(adapter, TakesCallbacks)
    }

    configured = _configured(system)
    standing = Standing(bus, configured)
    stand_ins = StandIns.of({name: one.stand_in for name, one in configured.items() if one.stand_in})
    stack.push_async_callback(stand_ins.aclose)
    services = GatewayServices(
        publisher=bus,
        dead_letters=system.dead_letters,
        store=store,
        invalid=InvalidMessageChannel(bus.parts.server, bus.parts.keys),
        reconciler=Reconciler(bus, store, system.dead_letters),
        verifier=Verifier(bus.waiting, store, _witnesses(bus, store, stand_ins)),
        router=bus.parts.router,
        schemas=bus.parts.schemas,
        readiness=_readiness(system),
        callbacks=callbacks,
        inboxes={name: one for name, one in bus.parts.adapters.items() if isinstance(one, Pulled)},
        waiting=bus.waiting,
        wire=system.wire,
        activity=ActivityLog(bus.parts.server, bus.parts.keys),
        clock=system.clock,
        systems=tuple(bus.parts.adapters),
        standing=standing,
        stand_ins=stand_ins,
        stage=_stage(stack, system, stand_ins),
        blobs=_blobs(system),
        registry=system.registry,
        stopping=stopping,
    )
    local_only = system.settings.host in {"127.0.0.1", "::1", "localhost"}
    app = create_gateway(services, clock=_steerable(system), local_only=local_only)
    app.mount("/console", create_console(services))
    return app


def _steerable(system: Running) -> SteerableClock | None:
    return system.clock if isinstance(system.clock, SteerableClock) else None


def _witnesses(bus: Bus, store: MessageStore, stand_ins: StandIns) -> Witnesses:
    channel, reconciler = DeadLetterChannel(bus.parts.server, bus.parts.keys), Reconciler(bus, store)

    async def buried() -> set[str]:
        return {entry.message_id async for entry in channel.heads()}

    async def account(system: str) -> Account:
        ended = await reconciler.run(system, since=EVERYTHING, mend=False)
        return Account(ended.compared, tuple(each.message_id for each in ended.missing))

    able = [name for name, adapter in bus.parts.adapters.items() if isinstance(adapter, Accounts)]
    twice = {name: partial(stand_ins.twice, name) for name in stand_ins.urls}
    return Witnesses(buried, {name: partial(account, name) for name in able}, twice)


def _readiness(system: Running) -> Callable[[], Awaitable[Mapping[str, bool]]]:
    async def readiness() -> Mapping[str, bool]:
        if system.bus is None:
            return {}
        try:
            await system.bus.waiting()
        except LgspError:
            return {"redis": False}
        return {"redis": True}

    return readiness


def _stage(stack: AsyncExitStack, system: Running, stand_ins: StandIns) -> Stage | None:
    """Where scenarios are played: needs a stand-in for iOffice, whose account some steps use."""
    office = system.settings.systems.get("ioffice")
    if office is None or "ioffice" not in stand_ins.urls:
        return None
    http = httpx.AsyncClient(timeout=30.0, trust_env=False, verify=client_context())
    stack.push_async_callback(http.aclose)
    urls = {**stand_ins.urls, "gateway": system.urls["gateway"]}
    table = office.table()
    stage = Stage(World(urls, http, str(table.get("system_id", "")), str(table.get("secret", ""))))
    stack.push_async_callback(stage.stop)
    return stage


def _configured(system: Running) -> dict[str, Configured]:
    """The systems as they are reached; one that a stand-in of this configuration plays is reached there."""
    settings = system.settings
    found = {}
    for name, table in settings.systems.items():
        url = system.urls.get(name, table.url)
        found[name] = Configured(table.adapter or name, url, url if name in settings.mocks else "")
    return found


def _standin(name: str, system: Running, replaced: Overrides) -> ASGIApp:
    """The stand-in's application, pointed at the gateway of this process, or of the settings."""
    gateway = system.urls.get("gateway", system.settings.gateway_url)
    create = find("lgsp.standins", _CREATE_STANDIN)
    if not callable(create):
        raise ConfigurationError(f"{_CREATE_STANDIN} is not a function")
    # Each stand-in takes from these what it knows; the names are the kit's.
    pointed = {
        "vxp_url": f"{gateway}/in/ioffice",
        "callback_url": f"{gateway}/in/portal",
        "authority_dir": str(system.settings.data_dir / "authority"),
    }
    data_dir = system.settings.data_dir / "mocks"
    table = system.settings.systems.get(name)
    app: ASGIApp = create(
        find_standin((table and table.standin) or name),
        data_dir=data_dir,
        clock=system.clock,
        settings={**pointed, **replaced.standins.get(name, {})},
        autopilot=replaced.autopilot,
    )
    return app


async def _start_tap(stack: AsyncExitStack, system: Running, replaced: Overrides) -> WorkerCounts:
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
    sink = Counting(Telling(system.store, ActivityLog(server, keys)), counts.add)
    task = asyncio.create_task(JournalTap(server, keys, sink).run(stopping), name="tap")

    async def drain() -> None:
        stopping.set()
        await task

    stack.push_async_callback(drain)
    return counts


async def _start_worker(
    stack: AsyncExitStack, system: Running, replaced: Overrides, counts: WorkerCounts | None
) -> None:
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
        await asyncio.gather(*tasks)

    stack.push_async_callback(drain)


def _endpoint(table: SystemSettings) -> EndpointSettings:
    return EndpointSettings(
        policy=RetryPolicy(max_attempts=table.max_attempts),
        send_timeout_s=table.send_timeout_s,
        concurrency=table.concurrency,
        drain_per_s=table.drain_per_s,
    )
