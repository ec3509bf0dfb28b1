"""Our adapters, run by the real bus, are judged as anybody's connector is: `lgsp check` against its staged stand-in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from edoc_samples import document_message
from fakes import make_ports
from lgsp.bus import Bus, BusParts, Worker, WorkerSettings
from lgsp.channels import Keys, Server
from lgsp.clock import SteerableClock
from lgsp.conformance import Verdict
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from lgsp.conformance.clients.connector import Work
from lgsp.message import Message, type_name
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry
from lgsp.standards import identifiers
from lgsp_adapters.axis import AxisAdapter
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
        router = Router(
            [
                Route("dossiers", ("dossier.*",), (self._system,)),
                Route("documents", ("document.*",), (self._system,), recipients=("*.G22",)),
            ]
        )
        self.bus = Bus(
            BusParts(
                server, Keys(partitions=2), router, SchemaRegistry(), self.clock, {self._system: adapter}
            )
        )
        await self.bus.open()
        often = {self._system: 0.2}
        settings = WorkerSettings(look_round_s=0.02, poll_interval_s=often)
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


MakeAdapter = Callable[[str, SteerableClock], Any]


async def findings(
    valkey: str, system: str, make: MakeAdapter, message_of: Callable[[Work, int], Message]
) -> list[str]:
    """What the check of `system`-client has to say; `message_of` the work, and how many assertions were judged before."""
    clock = SteerableClock()
    await clock.freeze()
    connected, url = Connected(valkey, system, clock), asyncio.get_running_loop().create_future()
    suite, judged = CLIENT_SUITES[f"{system}-client"], list[Verdict]()

    async def send(work: Work) -> None:
        await connected.bus.publish(message_of(work, len(judged)))

    checking = asyncio.create_task(check_connector(
        suite, system, Hooks(connected.round, send), suite.options, clock=clock, ready=url.set_result, tell=judged.append
    ))  # fmt: skip
    adapter = make(await url, clock)
    async with connected.working(adapter):
        await checking
    await adapter.aclose()
    return [f"{one.id} {one.outcome}: {one.finding}" for one in judged if one.outcome != "passed"]


def event(kind: str, subject: str, data: Mapping[str, Any]) -> Message:
    return Message.model_validate({
        "id": identifiers.new_id(), "source": "/systems/check", "type": type_name(kind), "subject": subject,
        "time": "2026-11-23T08:30:00+07:00", "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "data": dict(data),
    })  # fmt: skip


async def test_the_portal_adapter_behind_the_bus_conforms(valkey: str) -> None:
    def make(url: str, clock: SteerableClock) -> PortalAdapter:
        settings = {
            "url": url, "password": "sim-secret", "timeout_s": 1.0, "procedures_interval_s": 1.0,
            "procedures_codes": "1.00000[12].000.00.00.H34",
        }  # fmt: skip
        return PortalAdapter(settings, make_ports("portal", clock))

    def message_of(work: Work, _: int) -> Message:
        data: Any = work["data"]
        return event(str(work["kind"]), str(data["code"]), data)

    assert await findings(valkey, "portal", make, message_of) == []


async def test_the_axis_adapter_behind_the_bus_conforms(valkey: str) -> None:
    def make(url: str, clock: SteerableClock) -> AxisAdapter:
        return AxisAdapter({"url": url, "secret": "sim-secret"}, make_ports("axis", clock))

    def message_of(_: Work, judged: int) -> Message:
        document = document_message(sender="000.00.00.H34", to=("000.00.00.G22",))
        fields = document.model_dump(mode="json", exclude_none=True)
        again = {"id": f"document-{judged}", "source": "/systems/check", "recipients": "000.00.00.G22"}
        return Message.model_validate(fields | again)

    assert await findings(valkey, "axis", make, message_of) == []
