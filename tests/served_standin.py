"""A stand-in behind a real socket, and in this process; both with a clock that the test steers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.http_server import HttpServer
from lgsp_mocks.kit import StandIn, create_app

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)


@dataclass
class Served:
    http: httpx.AsyncClient
    clock: VirtualClock
    app: Any
    url: str

    async def fault(self, kind: str, **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/__mock__/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def expect(self, **expectation: Any) -> dict[str, Any]:
        answer = await self.http.post("/__mock__/expectations", json=expectation)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def journal(self, **wanted: Any) -> dict[str, Any]:
        answer = await self.http.get("/__mock__/requests", params=wanted)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def last(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.journal())["requests"][-1]
        return found


@asynccontextmanager
async def served(stand_in: StandIn, **more: Any) -> AsyncIterator[Served]:
    clock = VirtualClock(START)
    app = create_app(stand_in, clock=clock, autopilot=False, **more)
    server = HttpServer(stand_in.name, "127.0.0.1", 0)
    await server.start(app)
    try:
        async with httpx.AsyncClient(base_url=server.url, timeout=10, trust_env=False) as http:
            yield Served(http, clock, app, server.url)
    finally:
        await server.stop()


@asynccontextmanager
async def in_process(stand_in: StandIn, **more: Any) -> AsyncIterator[Served]:
    clock = VirtualClock(START)
    app = create_app(stand_in, clock=clock, autopilot=False, **more)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://standin") as http,
    ):
        yield Served(http, clock, app, "http://standin")
