"""A pull inbox on Redis, where whoever offered is stopped just as the connector settles."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from builders import message
from lgsp.adapter import Delivery
from lgsp.channels import Keys, RedisInbox, Server
from lgsp.clock import SystemClock

pytestmark = pytest.mark.contract

KEYS = Keys(partitions=2)
DELIVERY = Delivery(message("m-1"), (), 1, "key-1")


class Held(Server):
    """A server whose answer about verdicts, once it has some, is on its way until it is let go."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.taken, self.go = asyncio.Event(), asyncio.Event()

    async def run(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float | bytes]
    ) -> object:
        reply = await super().run(script, keys, arguments)
        if "HDEL" in script and isinstance(reply, list) and b"key-1" in reply[1:] and b"dnumber 7" in reply:
            self.taken.set()
            await self.go.wait()
        return reply


@pytest.fixture
async def server(valkey: str) -> AsyncIterator[Held]:
    opened = Held(valkey)
    await opened.open()
    yield opened
    await opened.aclose()


async def acknowledged(server: Held) -> tuple[RedisInbox, asyncio.Task[str]]:
    """One that offers, and whose connector has acknowledged; the verdict is taken from Redis and not yet told."""
    inbox = RedisInbox(server, KEYS, "erp", SystemClock(), max_takes=3)
    handing = asyncio.create_task(inbox.hand_over(DELIVERY))
    async with asyncio.timeout(10):
        while not await inbox.take(limit=1, lease_s=30):
            await inbox.wait(1.0)
        assert await inbox.acknowledge(["key-1"], "number 7") == []
        await server.taken.wait()
    return inbox, handing


@pytest.mark.parametrize("told_first", [True, False])
async def test_an_acknowledgement_outlives_whoever_offered(
    server: Held, monkeypatch: pytest.MonkeyPatch, told_first: bool
) -> None:
    inbox, handing = await acknowledged(server)
    if told_first:
        tell = inbox._tell
        monkeypatch.setattr(inbox, "_tell", lambda *verdict: (tell(*verdict), handing.cancel())[0])
    else:
        handing.cancel()
        await asyncio.wait({handing})
    server.go.set()
    await asyncio.wait({handing})
    assert handing.cancelled()
    await inbox.aclose()
    async with asyncio.timeout(10):
        assert (
            await RedisInbox(server, KEYS, "erp", SystemClock(), max_takes=3).hand_over(DELIVERY)
            == "number 7"
        )
