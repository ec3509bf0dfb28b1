"""What a running system shows over HTTP: the gateway with the console, and the stand-ins."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import httpx
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from lgsp.adapter import Accounts, Pulled, TakesCallbacks
from lgsp.bootstrap.system import Overrides, Running, blob_store, readiness_of, steerable
from lgsp.bus import (
    Bus,
    BusIntake,
    Configured,
    Standing,
)
from lgsp.channels import (
    ActivityLog,
    DeadLetterChannel,
    InvalidMessageChannel,
)
from lgsp.console import create_console
from lgsp.errors import ConfigurationError
from lgsp.gateway import GatewayServices, StandIns, create_gateway
from lgsp.reconcile import Reconciler
from lgsp.registry import find, find_standin
from lgsp.scenario import Stage, World
from lgsp.standards.tls import client_context
from lgsp.store import MessageStore
from lgsp.verify import Account, Verifier, Witnesses

__all__ = ["gateway_app", "standin_app"]

_EVERYTHING = timedelta(days=3650)
_CREATE_STANDIN = "lgsp_mocks.kit.app:create_app"


def gateway_app(stack: AsyncExitStack, system: Running, stopping: asyncio.Event) -> ASGIApp:
    """The gateway with the console; `stopping` ends the streams that pages watch."""
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
        readiness=readiness_of(system),
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
        blobs=blob_store(system),
        registry=system.registry,
        stopping=stopping,
    )
    local_only = system.settings.host in {"127.0.0.1", "::1", "localhost"}
    app = create_gateway(services, clock=steerable(system), local_only=local_only)
    app.mount("/console", create_console(services))
    return app


def _witnesses(bus: Bus, store: MessageStore, stand_ins: StandIns) -> Witnesses:
    channel, reconciler = DeadLetterChannel(bus.parts.server, bus.parts.keys), Reconciler(bus, store)

    async def buried() -> set[str]:
        return {entry.message_id async for entry in channel.heads()}

    async def account(system: str) -> Account:
        ended = await reconciler.run(system, since=_EVERYTHING, mend=False)
        return Account(ended.compared, tuple(each.message_id for each in ended.missing))

    able = [name for name, adapter in bus.parts.adapters.items() if isinstance(adapter, Accounts)]
    twice = {name: partial(stand_ins.twice, name) for name in stand_ins.urls}
    return Witnesses(buried, {name: partial(account, name) for name in able}, twice)


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


def standin_app(name: str, system: Running, replaced: Overrides) -> ASGIApp:
    """The stand-in's application, pointed at the gateway of this process, or of the settings."""
    gateway = system.urls.get("gateway", system.settings.gateway_url)
    create = find("lgsp.standins", _CREATE_STANDIN)
    if not callable(create):
        raise ConfigurationError(f"{_CREATE_STANDIN} is not a function")
    # Each stand-in takes from these what it knows; the names are the kit's.
    pointed = {
        "vxp_url": f"{gateway}/in/ioffice",
        "callback_url": f"{gateway}/in/portal",
        "own_url": system.urls[name],
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
