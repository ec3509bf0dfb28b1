"""A connector that fetches, over the whole bus: what counts as delivered is what it has acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from builders import message
from lgsp.bootstrap import Overrides, Running, running
from lgsp.clock import SteerableClock
from lgsp.errors import ConfigurationError
from lgsp.message import Message
from lgsp.settings import kept_secret, load
from waiting import eventually

pytestmark = pytest.mark.flow

TOKEN = "token-of-the-archive"
TAKES = 3
CONFIG = """
[systems.archive]
adapter = "inbox"
token = "token-of-the-archive"
max_attempts = 3

[systems.other]
adapter = "inbox"

[[routes]]
name = "archived"
when = ["document.*"]
to = ["archive"]
"""


class Connector:
    """Somebody's own connector, in any language: all that it has is HTTP."""

    def __init__(self, system: Running, http: httpx.AsyncClient) -> None:
        self.system = system
        self._http = http

    async def take(self, name: str = "archive", **params: float) -> list[dict]:
        answer = await self._http.get(f"/v1/systems/{name}/inbox", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def post(self, action: str, *keys: str, **more: object) -> httpx.Response:
        return await self._http.post(f"/v1/systems/archive/inbox/{action}", json={"keys": keys, **more})

    async def publish(self, *messages: Message) -> None:
        for one in messages:
            await self._http.post(
                "/v1/messages",
                content=one.to_json(),
                headers={"content-type": "application/cloudevents+json"},
            )

    async def steps(self, message_id: str) -> list[str]:
        answer = await self._http.get(f"/api/messages/{message_id}")
        return [step["step"] for step in answer.json().get("steps", [])]

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._http.get(path, headers=headers)

    async def dead(self) -> list[dict]:
        return (await self._http.get("/api/dead")).json()["dead"]

    async def replay(self, dead_id: str) -> None:
        assert (await self._http.post(f"/api/dead/{dead_id}/replay")).status_code == 200


Start = Callable[..., AbstractAsyncContextManager[Connector]]


@pytest.fixture
def start(tmp_path: Path, valkey: str) -> Start:
    (tmp_path / "lgsp.toml").write_text(CONFIG, encoding="utf-8")
    env = {"LGSP_DATA_DIR": str(tmp_path / "data"), "LGSP_PORT": "0", "LGSP_REDIS_URL": valkey}

    @asynccontextmanager
    async def starting(clock: SteerableClock | None = None) -> AsyncIterator[Connector]:
        settings = load(tmp_path / "lgsp.toml", env)
        overrides = Overrides(clock=clock or SteerableClock())
        async with (
            running(settings, only=frozenset({"bus"}), overrides=overrides) as system,
            httpx.AsyncClient(
                base_url=system.urls["gateway"],
                trust_env=False,
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=30,
            ) as http,
        ):
            yield Connector(system, http)

    return starting


async def test_a_message_is_delivered_when_the_connector_says_that_it_has_it(start: Start) -> None:
    async with start() as connector:
        await connector.publish(message("m-1"))
        [item] = await connector.take(wait=10)
        assert (item["message"]["id"], item["attempt"]) == ("m-1", 1)
        await eventually(lambda: has(connector, "m-1", "routed"), "routed")
        assert "delivered" not in await connector.steps("m-1")
        answer = await connector.post("ack", item["idempotency_key"], reference="HS-7")
        assert answer.json() == {"settled": 1, "unknown": []}
        await eventually(lambda: has(connector, "m-1", "delivered"), "delivered")
        shown = (await connector.get("/api/messages/m-1")).json()
        assert shown["steps"][-1]["detail"] == "HS-7"
        assert (await connector.post("ack", item["idempotency_key"])).json()["settled"] == 0


async def has(connector: Connector, message_id: str, step: str) -> bool:
    return step in await connector.steps(message_id)


async def test_a_long_poll_ends_when_a_message_comes(start: Start) -> None:
    async with start() as connector:
        polls = [asyncio.create_task(connector.take(wait=30)) for _ in range(2)]
        await connector.publish(message("m-1"))
        done, _ = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
        assert [item["message"]["id"] for poll in done for item in poll.result()] == ["m-1"]
        await connector.publish(message("m-2", subject="s-2"))
        assert [await poll for poll in polls]
        assert await connector.take() == []


async def test_who_has_hung_up_takes_nothing(start: Start) -> None:
    async with start() as connector:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connector.take(wait=30), 0.1)
        await connector.publish(message("m-1"))
        [item] = await connector.take(wait=10)
        assert item["attempt"] == 1


async def test_one_subject_comes_in_order_and_another_passes(start: Start) -> None:
    async with start() as connector:
        await connector.publish(
            message("a-1", subject="a"), message("a-2", subject="a"), message("b-1", subject="b")
        )
        await connector.publish(message("a-3", subject="a"))
        first = await taken(connector, 2)
        assert {item["message"]["id"] for item in first} == {"a-1", "b-1"}
        await connector.post("ack", *(item["idempotency_key"] for item in first))
        [second] = await connector.take(wait=10)
        assert second["message"]["id"] == "a-2"
        await connector.post("ack", second["idempotency_key"])
        [third] = await connector.take(wait=10)
        assert third["message"]["id"] == "a-3"


async def taken(connector: Connector, count: int) -> list[dict]:
    items: list[dict] = []
    while len(items) < count:
        items += await connector.take(wait=10)
    return items


async def test_what_is_not_acknowledged_in_time_comes_again_with_its_key(start: Start) -> None:
    clock = SteerableClock()
    async with start(clock) as connector:
        await connector.publish(message("m-1"))
        [first] = await connector.take(wait=10, lease=60)
        assert await connector.take() == []
        await clock.advance(timedelta(seconds=61))
        [again] = await connector.take()
        assert (again["idempotency_key"], again["attempt"]) == (first["idempotency_key"], 2)


async def test_what_is_released_comes_again_at_once_or_when_it_was_asked_for(start: Start) -> None:
    clock = SteerableClock()
    async with start(clock) as connector:
        await connector.publish(message("m-1"))
        [item] = await connector.take(wait=10)
        await connector.post("release", item["idempotency_key"])
        assert [one["attempt"] for one in await connector.take()] == [2]
        await connector.post("release", item["idempotency_key"], after=30)
        assert await connector.take() == []
        await clock.advance(timedelta(seconds=31))
        assert [one["attempt"] for one in await connector.take()] == [3]


async def test_what_is_rejected_becomes_a_dead_letter_and_can_be_sent_again(start: Start) -> None:
    async with start() as connector:
        await connector.publish(message("m-1"))
        [item] = await connector.take(wait=10)
        await connector.post("reject", item["idempotency_key"], reason="số ký hiệu đã có")
        await eventually(connector.dead, "dead")
        [letter] = await connector.dead()
        assert (letter["system"], letter["code"]) == ("archive", "lgsp.rejected")
        assert "số ký hiệu đã có" in letter["reason"]
        await connector.replay(letter["id"])
        [again] = await connector.take(wait=10)
        assert again["message"]["id"] == "m-1"


async def test_a_restart_loses_neither_what_waits_nor_what_was_acknowledged_meanwhile(start: Start) -> None:
    async with start() as connector:
        await connector.publish(message("m-1"), message("m-2", subject="s-2"))
        items = await taken(connector, 2)
        await connector.post("release", items[1]["idempotency_key"])
    async with start() as connector:
        await connector.post("ack", items[0]["idempotency_key"])
        [again] = await connector.take(wait=10)
        assert again["idempotency_key"] == items[1]["idempotency_key"]
        await connector.post("ack", again["idempotency_key"])
        for message_id in ("m-1", "m-2"):
            await eventually(lambda: has(connector, message_id, "delivered"), message_id)  # noqa: B023
        assert (await connector.get("/api/verify")).json()["holds"]


async def test_a_message_that_kills_its_connector_each_time_becomes_a_dead_letter_and_its_subject_goes_on(
    start: Start,
) -> None:
    clock = SteerableClock()
    async with start(clock) as connector:
        await connector.publish(message("poison", subject="a"), message("next", subject="a"))
        for attempt in range(1, TAKES + 1):
            [item] = await connector.take(wait=10, lease=60)
            assert (item["message"]["id"], item["attempt"]) == ("poison", attempt)
            await clock.advance(timedelta(seconds=61))
        [item] = await connector.take(wait=10)
        assert (item["message"]["id"], item["attempt"]) == ("next", 1)
        assert (await connector.post("ack", item["idempotency_key"])).json()["settled"] == 1
        [letter] = await connector.dead()
        assert (letter["code"], letter["attempts"]) == ("lgsp.tries_spent", TAKES)
        assert letter["reason"] == (
            f"{TAKES} tries spent; the last: neither settled nor released before its lease ended"
        )
        await connector.replay(letter["id"])
        [again] = await connector.take(wait=10)
        assert (again["message"]["id"], again["attempt"]) == ("poison", 1)
        await connector.post("ack", again["idempotency_key"])
        await eventually(lambda: has(connector, "poison", "delivered"), "delivered")


async def test_what_is_released_too_often_dies_of_the_last_reason_and_hides_no_other_message(
    start: Start,
) -> None:
    async with start() as connector:
        await connector.publish(message("m-1"), message("m-2", subject="s-2"))
        keys = [item["idempotency_key"] for item in await taken(connector, 2)]
        await connector.post("ack", keys[1])
        for attempt in range(2, TAKES + 1):
            await connector.post("release", keys[0], reason=f"no room, attempt {attempt - 1}")
            assert [item["attempt"] for item in await connector.take()] == [attempt]
        await connector.post("release", keys[0], reason="hết chỗ")
        await connector.publish(message("m-3", subject="s-3"))
        await eventually(lambda: has(connector, "m-3", "routed"), "routed")
        [third] = await connector.take(wait=10, limit=1)
        assert third["message"]["id"] == "m-3"
        await eventually(connector.dead, "dead")
        [letter] = await connector.dead()
        assert letter["reason"] == f"{TAKES} tries spent; the last: hết chỗ"
        assert (await connector.post("ack", keys[0])).json() == {"settled": 0, "unknown": [keys[0]]}
        assert (await connector.get("/api/verify")).json()["holds"]


async def test_a_connector_that_stays_away_costs_no_message_and_no_try(start: Start) -> None:
    clock = SteerableClock()
    async with start(clock) as connector:
        await connector.publish(message("m-1"))
        await eventually(lambda: has(connector, "m-1", "routed"), "routed")
        await clock.advance(timedelta(days=3))
        assert await connector.dead() == []
        [item] = await connector.take(wait=10)
        assert item["attempt"] == 1


async def test_a_message_whose_time_is_over_is_taken_out(start: Start) -> None:
    clock = SteerableClock()
    async with start(clock) as connector:
        await connector.publish(message("m-1", expirytime=clock.now() + timedelta(hours=1)))
        [item] = await connector.take(wait=10)
        await clock.advance(timedelta(hours=2))
        await eventually(lambda: advanced(clock, connector), "expired")
        assert await connector.take() == []
        assert (await connector.post("ack", item["idempotency_key"])).json()["settled"] == 0


async def advanced(clock: SteerableClock, connector: Connector) -> bool:
    await clock.advance(timedelta(seconds=1))
    return await has(connector, "m-1", "expired")


async def test_nobody_reads_another_systems_inbox(start: Start, tmp_path: Path) -> None:
    async with start() as connector:
        for headers in ({"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
            answer = await connector.get("/v1/systems/archive/inbox", **headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert (await connector.get("/v1/systems/other/inbox")).status_code == 401
        assert (await connector.get("/v1/systems/none/inbox")).status_code == 401
        made = kept_secret(tmp_path / "data", "other", "token")
        answer = await connector.get("/v1/systems/other/inbox", authorization=f"Bearer {made}")
        assert answer.json() == {"items": []}
    assert (tmp_path / "data" / "secrets" / "other.token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("ack", {"keys": []}),
        ("ack", {"keys": ["not a key"]}),
        ("reject", {"keys": ["0" * 32]}),
        ("release", {"keys": ["0" * 32], "after": -1}),
        ("ack", {"keys": ["0" * 32], "colour": 1}),
    ],
)
async def test_a_wrong_settlement_is_named(start: Start, action: str, body: dict) -> None:
    async with start() as connector:
        keys = body.pop("keys")
        answer = await connector.post(action, *keys, **body)
        assert answer.status_code == 422
        assert answer.json()["faults"][0]["place"].startswith("/body/")


async def test_a_token_that_can_be_guessed_is_refused(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "lgsp.toml"
    file.write_text(CONFIG.replace(TOKEN, "short"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="16 characters"):
        async with start():
            pass
