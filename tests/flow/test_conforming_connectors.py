"""Our adapters, run by the real bus, are judged as anybody's connector is: `lgsp check` against its staged stand-in."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from fakes import make_ports
from lgsp.bus import Bus, BusParts, Worker, WorkerSettings
from lgsp.channels import Keys, Server
from lgsp.clock import SteerableClock
from lgsp.conformance import Verdict
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from lgsp.conformance.clients.connector import Work
from lgsp.endpoint import EndpointSettings
from lgsp.message import Message, type_name
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.standards import identifiers
from lgsp_adapters.portal import PortalAdapter

pytestmark = pytest.mark.flow
ROUND = timedelta(seconds=0.1)
BESIDE_S = 0.01
"""For what the bus asks of Redis and of the stand-in while time stands."""


class Connected:
    """A bus with one system. Its time stands between the rounds of the check, so that its pauses are what they are."""

    def __init__(self, valkey: str, system: str, clock: SteerableClock) -> None:
        self._valkey, self._system, self.clock = valkey, system, clock
        self.bus: Bus

    @asynccontextmanager
    async def working(self, adapter: object) -> AsyncIterator[None]:
        server = await Server(self._valkey).open()
        router = Router([Route("all", ("*",), (self._system,))])
        self.bus = Bus(
            BusParts(
                server, Keys(partitions=2), router, SchemaRegistry(), self.clock, {self._system: adapter}
            )
        )
        await self.bus.open()
        settings = WorkerSettings(look_round_s=0.02, endpoint=EndpointSettings(block_ms=20))
        stopping = asyncio.Event()
        task = asyncio.create_task(Worker(self.bus, "worker-1", settings).run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await task
            await server.aclose()

    async def round(self) -> None:
        await asyncio.sleep(BESIDE_S)
        await self.clock.advance(ROUND)

    async def publish(self, kind: str, data: Mapping[str, Any], subject: str) -> None:
        await self.bus.publish(Message.model_validate({
            "id": identifiers.new_id(), "source": "/systems/check", "type": type_name(kind), "subject": subject,
            "time": self.clock.now().isoformat(), "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "data": dict(data),
        }))  # fmt: skip


async def test_the_portal_adapter_behind_the_bus_conforms(valkey: str) -> None:
    clock = SteerableClock()
    await clock.freeze()
    connected, url = Connected(valkey, "portal", clock), asyncio.get_running_loop().create_future()
    suite = CLIENT_SUITES["portal-client"]

    async def send(work: Work) -> None:
        data: Any = work["data"]
        await connected.publish(str(work["kind"]), data, str(data["code"]))

    hooks = Hooks(connected.round, send)
    checking = asyncio.create_task(
        check_connector(suite, "portal", hooks, suite.options, clock=clock, ready=url.set_result)
    )
    settings = {
        "url": await url, "password": "sim-secret", "timeout_s": 1.0, "procedures_interval_s": 1.0,
        "procedures_codes": "1.00000[12].000.00.00.H34",
    }  # fmt: skip
    adapter = PortalAdapter(settings, make_ports("portal", clock))
    async with connected.working(adapter):
        verdicts = await checking
    await adapter.aclose()
    assert findings(verdicts) == []


def findings(verdicts: list[Verdict]) -> list[str]:
    return [f"{one.id} {one.outcome}: {one.finding}" for one in verdicts if one.outcome != "passed"]
