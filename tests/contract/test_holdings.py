"""/api/holdings: what each system holds about one thing, side by side, and whether they agree."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic_core import to_json

from builders import message
from lgsp.gateway import GatewayServices, StandIns, create_gateway
from lgsp.schemas import SchemaRegistry
from lgsp.store import JournalEntry, MessageStore

pytestmark = pytest.mark.contract

NOTHING: Any = None
CODE = "G22.99-251123-0001"
Tables = dict[str, dict[str, dict[str, Any]]]


class World:
    """A gateway, a store in memory, and stand-ins that answer what the test gives them; `real` is a real system."""

    def __init__(self, store: MessageStore) -> None:
        self.store = store
        self.held: dict[str, Tables] = {"igate": {}, "portal": {}}
        self.asked: list[httpx.URL] = []
        self.away: set[str] = set()
        urls = {name: f"http://{name}" for name in self.held}
        stand_ins = StandIns(urls, httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))
        services = GatewayServices(
            NOTHING, NOTHING, store, NOTHING, NOTHING, NOTHING, NOTHING, SchemaRegistry(), NOTHING,
            systems=("igate", "portal", "real"), stand_ins=stand_ins,
        )  # fmt: skip
        transport = httpx.ASGITransport(create_gateway(services))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if request.url.host in self.away:
            raise httpx.ConnectError("refused")
        table = self.held[request.url.host].get(request.url.path.rpartition("/")[2], {})
        fields, values = (request.url.params.get_list(name) for name in ("field", "value"))
        rows = [row for row in table.values() if any(row.get(field) in values for field in fields)]
        page = {"total": len(rows), "rows": [{"place": 1, "row": row} for row in rows], "next": None}
        return httpx.Response(200, content=to_json(page))

    async def happened(self, number: int, kind: str, data: dict[str, Any]) -> None:
        sent = message(f"m-{number}", subject=CODE, type=f"vn.lgsp.{kind}", data=data)
        entry = JournalEntry(0, f"{number}-0", sent.id, "accepted", sent.source, number, "", sent.to_json())
        await self.store.append([entry])

    async def about(self, key: str = CODE) -> httpx.Response:
        return await self.http.get(f"/api/holdings/{quote(key, safe='')}")

    async def systems(self) -> dict[str, dict[str, Any]]:
        return {one["system"]: one for one in (await self.about()).json()["systems"]}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store = await MessageStore.open("sqlite://")
    made = World(store)
    await made.happened(1, "dossier.synchronized", {"code": CODE, "state": "2"})
    yield made
    await made.http.aclose()
    await store.aclose()


def local(status: str) -> Tables:
    row = {"code": "H34-1", "national_code": CODE, "status": status}
    return {"dossiers": {"H34-1": row, "other": {"code": "H34-2", "national_code": "no", "status": "9"}}}


def national(status: str) -> Tables:
    return {"dossiers": {CODE: {"MaHoSo": CODE, "TrangThaiHoSo": status}}}


async def test_what_nobody_knows_is_a_404(world: World) -> None:
    assert (await world.about("unheard-of")).status_code == 404
    assert world.asked == []


async def test_systems_with_the_same_state_as_the_last_message_agree(world: World) -> None:
    await world.happened(2, "dossier.progressed", {"code": CODE, "state": "4"})
    world.held = {"igate": local("4"), "portal": national("4")}
    found = (await world.about()).json()
    assert (found["bus_state"], found["agree"]) == ("4", True)
    assert [(one["answer"], one["state"]) for one in found["systems"]] == [
        ("holds", "4"), ("holds", "4"), ("unasked", ""),
    ]  # fmt: skip
    assert found["systems"][0]["records"] == [{"code": "H34-1", "national_code": CODE, "status": "4"}]


async def test_one_that_lags_behind_is_seen(world: World) -> None:
    world.held = {"igate": local("4"), "portal": national("2")}
    assert (await world.about()).json()["agree"] is False


async def test_one_state_alone_is_nothing_to_compare(world: World) -> None:
    found = (await world.about()).json()
    assert found["agree"] is None
    assert {one["answer"] for one in found["systems"]} == {"nothing", "unasked"}


async def test_what_can_not_be_asked_is_not_taken_for_nothing(world: World) -> None:
    world.away = {"portal"}
    systems = await world.systems()
    assert systems["real"]["answer"] == "unasked"
    assert systems["portal"]["answer"] == "away"
    assert "does not answer" in systems["portal"]["reason"]
    assert systems["igate"]["answer"] == "nothing"


async def test_a_stand_in_is_asked_for_this_thing_and_not_for_its_whole_table(world: World) -> None:
    await world.about()
    assert world.asked
    assert all(CODE in url.params.get_list("value") for url in world.asked)
    assert all(int(url.params["limit"]) <= 500 for url in world.asked)
