"""Start what is asked for, and stop it in the reverse order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from lgsp.adapter import Pulled
from lgsp.bootstrap.bus import start_bus, start_tap, start_worker
from lgsp.bootstrap.faces import gateway_app, standin_app
from lgsp.bootstrap.system import Overrides, Running, readiness_of, steerable
from lgsp.errors import ConfigurationError
from lgsp.gateway.monitor import create_monitor
from lgsp.http_server import HttpServer
from lgsp.settings import Settings, ensure_data_dir

__all__ = ["PARTS", "running"]

PARTS = ("bus", "gateway", "worker", "store")


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
            system = await start_bus(stack, system, replaced)
        apps = {name: standin_app(name, system, replaced) for name in wanted.standins}
        stopping = asyncio.Event()
        if "gateway" in servers:
            apps["gateway"] = gateway_app(stack, system, stopping)
        if "worker" in servers:
            apps["worker"] = create_monitor(readiness_of(system), system.registry, steerable(system))
        await _serve(stack, [(servers[name], app) for name, app in apps.items()])
        # Before the gateway stops, which waits for the requests in hand.
        stack.callback(stopping.set)
        for adapter in system.bus.parts.adapters.values() if system.bus else ():
            if isinstance(adapter, Pulled):
                stack.push_async_callback(adapter.inbox.aclose)
        counts = await start_tap(stack, system, replaced) if wanted.store else None
        if wanted.worker:
            await start_worker(stack, system, replaced, counts)
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
