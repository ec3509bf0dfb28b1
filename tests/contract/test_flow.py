"""/api/flow and its events, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic_core import from_json
from starlette.types import Message, Scope

from builders import message
from fakes import START
from lgsp.bus import SystemView
from lgsp.bus.standing import CircuitView
from lgsp.channels import Activity
from lgsp.clock import VirtualClock
from lgsp.gateway import GatewayServices, StandIns, create_gateway
from lgsp.gateway import flow as flow_room
from lgsp.gateway.flow_view import FlowOverview
from lgsp.http_server import HttpServer
from lgsp.schemas import SchemaRegistry
from lgsp.store import JournalEntry, MessageStore
from waiting import eventually

pytestmark = pytest.mark.contract

NOTHING: Any = None
NOW_MS = int(START.timestamp() * 1000)
ACCEPTED = ("accepted", "/systems/ioffice", "document.issued")


class Log:
    """What was told, by whole numbers."""

    def __init__(self) -> None:
        self.told: list[Activity] = []
        self.asked: list[str] = []

    def tell(self, **counts: int) -> None:
        moves = {("delivered", "axis", kind.replace("_", ".")): count for kind, count in counts.items()}
        self.told.append(Activity(f"{len(self.told) + 1}-0", moves))

    async def since(self, entry_id: str) -> list[Activity]:
        self.asked.append(entry_id)
        return self.told[int(entry_id.partition("-")[0] or 0) :]

    async def last_id(self) -> str:
        return f"{len(self.told)}-0"


class Standing:
    def __init__(self, *systems: SystemView) -> None:
        self.seen = systems

    async def systems(self) -> tuple[SystemView, ...]:
        return self.seen


def system(name: str, *, away: str = "", held: int = 0) -> SystemView:
    circuit = CircuitView(bool(away), 3, away)
    return SystemView(name, name, f"http://{name}", True, True, False, False, circuit, None, 1, held)


class World:
    """A gateway with a store in memory, two systems, and a log that the test writes."""

    def __init__(self, store: MessageStore) -> None:
        self.store, self.log, self.clock = store, Log(), VirtualClock(START)
        self.standing = Standing(system("ioffice"), system("axis"))
        self.stopping = asyncio.Event()
        self.faults: list[dict[str, str]] = []
        self.url = ""
        self.http = httpx.AsyncClient(trust_env=False, timeout=10)
        self._entries = 0

    def services(self) -> GatewayServices:
        answer = httpx.MockTransport(lambda _: httpx.Response(200, json=self.faults))
        stand_ins = StandIns({"axis": "http://axis"}, httpx.AsyncClient(transport=answer))
        return GatewayServices(
            NOTHING, NOTHING, self.store, NOTHING, NOTHING, NOTHING, NOTHING, SchemaRegistry(), NOTHING,
            waiting=self.waiting, activity=self.log, clock=self.clock, systems=("ioffice", "axis"),
            standing=self.standing, stand_ins=stand_ins, stopping=self.stopping,
        )  # type: ignore[arg-type]  # fmt: skip

    async def waiting(self) -> dict[str, int]:
        return {"inbox": 2, "dead": 1, "invalid": 4, "out:axis": 1}

    async def happened(
        self, message_id: str, *steps: str, ago: timedelta = timedelta(seconds=1), **fields: object
    ) -> None:
        at_ms = NOW_MS - int(ago / timedelta(milliseconds=1))
        sent = message(message_id, **fields)
        rows = [("accepted", sent.source, sent.to_json()), *((step, "axis", None) for step in steps)]
        for step, where, body in rows:
            self._entries += 1
            entry = JournalEntry(0, f"{self._entries}-0", message_id, step, where, at_ms, "", body)
            await self.store.append([entry])

    async def flow(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(f"{self.url}/api/flow")).json()
        return found

    async def axis(self) -> dict[str, Any]:
        (found,) = [one for one in (await self.flow())["systems"] if one["name"] == "axis"]
        return dict(found)

    @asynccontextmanager
    async def watching(self, **headers: str) -> AsyncIterator[httpx.Response]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.stream("GET", f"{self.url}/api/flow/events", headers=names) as answer:
            yield answer


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(flow_room, "LOOK_S", 0.005)
    store = await MessageStore.open("sqlite://")
    made = World(store)
    app = create_gateway(made.services())
    server = HttpServer("gateway", "127.0.0.1", 0)
    await server.start(app)
    made.url = server.url
    yield made
    await made.http.aclose()
    await server.stop()
    await store.aclose()


async def events_of(answer: httpx.Response) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """(id, what moved) of each event."""
    last = ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            last = value
        elif name == "data":
            yield last, from_json(value)["moved"]


async def test_a_system_where_all_arrived_is_green_with_its_counts(world: World) -> None:
    await world.happened("m-1", "routed", "delivered")
    await world.happened("m-2", "routed", "delivered", ago=timedelta(hours=2))
    await world.happened("m-3", "routed", "delivered", ago=timedelta(days=2))
    await world.happened("m-4", "routed", "delivered", source="/connectors/other")
    found = await world.flow()
    office, axis = found["systems"]
    assert (office["from_minute"], office["from_day"], office["to_day"]) == (1, 2, 0)
    assert (axis["from_day"], axis["to_minute"], axis["to_day"]) == (0, 2, 3)
    assert (axis["light"], axis["reasons"]) == ("green", [])
    assert (found["others_minute"], found["others_day"]) == (1, 1)
    assert (found["inbox"], found["dead"], found["refused"]) == (2, 1, 4)
    assert found["at"] == START.isoformat(timespec="milliseconds")


@pytest.mark.parametrize(("age_s", "light"), [(4, "green"), (5, "yellow"), (59, "yellow"), (60, "red")])
async def test_the_light_follows_the_age_of_the_oldest_that_waits(
    world: World, age_s: int, light: str
) -> None:
    await world.happened("m-1", "routed", ago=timedelta(seconds=age_s))
    found = await world.axis()
    assert found["light"] == light
    assert found["oldest_waiting_ms"] == age_s * 1000


async def test_a_system_that_is_away_is_red_and_says_why(world: World) -> None:
    world.standing.seen = (system("axis", away="connection refused", held=2),)
    found = await world.axis()
    assert (found["light"], found["away"]) == ("red", "connection refused")
    assert found["reasons"] == ["away", "held"]


async def test_faults_that_are_on_and_dead_letters_of_the_day_make_it_yellow(world: World) -> None:
    world.faults = [{"kind": "latency", "expires_at": "2026-11-23T09:00:00+07:00"}]
    await world.happened("m-1", "routed", "dead")
    found = await world.axis()
    assert (found["light"], found["reasons"]) == ("yellow", ["faults", "dead"])
    assert found["faults"][0]["kind"] == "latency"
    assert found["dead"] == 1


async def test_all_who_ask_within_a_second_share_one_look(world: World) -> None:
    await world.flow()
    await world.happened("m-1", "routed", "delivered")
    await asyncio.gather(*(world.flow() for _ in range(5)))
    assert (await world.axis())["to_day"] == 0


async def test_a_look_that_takes_long_is_shared_ten_times_as_long(world: World) -> None:
    now_s = iter([100.0, 104.0, 105.0, 143.9, 144.0, 144.1])  # began, ended; asked; asked; began, ended
    overview = FlowOverview(world.services(), monotonic=lambda: next(now_s))
    first = await overview.view()
    assert await overview.view() is first
    assert await overview.view() is first
    assert await overview.view() is not first


async def test_an_event_says_how_many_of_which_kind_took_which_step(world: World) -> None:
    async with world.watching() as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        await eventually(lambda: bool(world.log.asked), "it has begun")
        world.log.tell(document_issued=2, document_status=1)
        async for event_id, moved in events_of(answer):
            assert event_id == "1-0"
            assert {(one["kind"], one["count"]) for one in moved} == {("document", 2), ("status", 1)}
            assert {(one["step"], one["system"]) for one in moved} == {("delivered", "axis")}
            break


async def test_a_watcher_that_comes_back_takes_up_where_it_was(world: World) -> None:
    for count in (1, 10, 100):
        world.log.tell(dossier_submitted=count)
    async with world.watching(Last_Event_ID="1-0") as answer:
        async for event_id, moved in events_of(answer):
            assert (event_id, moved[0]["count"]) == ("3-0", 110)
            break


async def test_a_gateway_that_stops_ends_its_streams(world: World) -> None:
    async with world.watching(Last_Event_ID="0-0") as answer:
        world.log.tell(document_issued=1)
        async for _ in events_of(answer):
            world.stopping.set()  # and the loop ends, since the stream does


async def test_a_place_that_is_none_is_refused(world: World) -> None:
    async with world.watching(Last_Event_ID="yesterday") as answer:
        assert answer.status_code == 422


async def test_an_event_is_as_long_for_a_hundred_thousand_messages_as_for_one(world: World) -> None:
    kinds = ("document_issued", "document_status", "dossier_submitted", "dossier_progressed")
    for _ in range(200):
        world.log.tell(**dict.fromkeys(kinds, 500))
    async with world.watching(Last_Event_ID="0-0") as answer:
        lengths = []
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                lengths.append(len(line))
                assert sum(one["count"] for one in from_json(line[6:])["moved"]) == 200 * 4 * 500
                break
    assert lengths[0] < 400


async def test_a_watcher_that_goes_gives_its_seat_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_room, "MOST_WATCHERS", 2)

    async def admitted() -> bool:
        async with world.watching() as answer:
            return answer.status_code == 200

    async with world.watching() as one, world.watching() as other:
        assert (one.status_code, other.status_code) == (200, 200)
        await eventually(lambda: len(world.log.asked) >= 2, "both watch")
        async with world.watching() as third:
            assert third.status_code == 429
            assert third.headers["retry-after"] == "5"
    await eventually(admitted, "a seat is free again")


async def test_nothing_is_read_ahead_for_a_watcher_that_does_not_take_it_and_its_end_ends_the_task(
    world: World,
) -> None:
    """The connection of a slow client takes no more; the server, in the place of uvicorn, waits in `send`."""
    sent, full, gone = [], asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(event: Message) -> None:
        sent.append(event)
        if b"data: " in event.get("body", b""):
            full.set()
            await asyncio.Event().wait()

    scope: Scope = {
        "type": "http", "method": "GET", "path": "/api/flow/events", "query_string": b"", "http_version": "1.1",
        "headers": [(b"last-event-id", b"0-0"), (b"host", b"localhost")], "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    for _ in range(500):
        world.log.tell(document_issued=1)
    watching = asyncio.create_task(create_gateway(world.services())(scope, receive, send))
    await full.wait()
    async with world.watching(Last_Event_ID="0-0") as other:  # who reads gets on meanwhile, for some looks
        world.log.tell(document_issued=1)
        async for event_id, _ in events_of(other):
            if event_id == "501-0":
                break
    assert [b"data: " in one.get("body", b"") for one in sent].count(True) == 1
    gone.set()
    async with asyncio.timeout(10):
        await watching
