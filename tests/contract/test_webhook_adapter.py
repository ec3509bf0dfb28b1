"""The webhook adapter against connectors that behave, and against those that do what they should not."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from builders import message
from fakes import START, make_ports
from lgsp.adapter import Delivery
from lgsp.errors import ConfigurationError, RejectedError, TransientError
from lgsp_adapters.webhook import WebhookAdapter

pytestmark = pytest.mark.contract

KEY = base64.b64encode(b"k" * 32).decode()
OLD = base64.b64encode(b"o" * 24).decode()
BOMB = gzip.compress(bytes(64 << 20), 1)
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Connector:
    """A server of plain sockets, so that it can misbehave; it keeps what came."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
            headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head}
            self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            await answer(writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def says(status: str, body: str = "", *headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
        writer.write("\r\n".join([*lines, "", body]).encode())
        await writer.drain()

    return answer


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n")
    await writer.drain()
    await asyncio.Event().wait()


async def floods(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 x\r\n\r\n")
    while True:
        writer.write(b"no" * 32_768)
        await writer.drain()


async def floods_with_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 4_000)
        await writer.drain()


async def sends_a_bomb(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)
    await writer.drain()


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


async def dies(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


@asynccontextmanager
async def connector(*answers: Answer) -> AsyncIterator[Connector]:
    made = Connector(*answers)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def adapter(url: str, **settings: object) -> AsyncIterator[WebhookAdapter]:
    given = {"url": f"{url}/hook", "secret": f"whsec_{KEY}", "timeout_s": 0.3, **settings}
    made = WebhookAdapter(given, make_ports("app"))
    try:
        yield made
    finally:
        await made.aclose()


DELIVERY = Delivery(message("m-1"), ("000.00.00.G22",), 2, "ab" * 16)


async def send(url: str, **settings: object):
    async with adapter(url, **settings) as made:
        return await made.send(DELIVERY)


def signature(key: str, headers: dict[str, str], body: bytes) -> str:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(base64.b64decode(key), signed, hashlib.sha256)).decode()


async def test_a_message_comes_signed_with_its_key_and_reads_as_a_cloudevent() -> None:
    async with connector(says("204 No Content")) as there:
        assert (await send(there.url)).reference == "HTTP 204"
        [(headers, body)] = there.requests
    assert from_structured_event(HTTPMessage(headers, body)).get_id() == "m-1"
    assert headers["webhook-signature"] == signature(KEY, headers, body)
    assert headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert headers["idempotency-key"] == headers["webhook-id"] == "ab" * 16
    assert (headers["lgsp-organizations"], headers["lgsp-attempt"]) == ("000.00.00.G22", "2")


async def test_while_secrets_are_rotated_each_of_them_signs() -> None:
    async with connector(says("200 OK")) as there:
        await send(there.url, secrets={"2026-11": KEY, "2026-05": OLD})
        [(headers, body)] = there.requests
    assert headers["webhook-key-id"] == "2026-11 2026-05"
    assert headers["webhook-signature"].split() == [signature(key, headers, body) for key in (KEY, OLD)]


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "404 Not Found", "409 Conflict", "410 Gone"])
async def test_a_refusal_is_final_and_says_what_the_connector_said(status: str) -> None:
    async with connector(says(status, "trùng số ký hiệu" + " x" * 5000)) as there:
        with pytest.raises(RejectedError, match="trùng số ký hiệu") as caught:
            await send(there.url)
    assert caught.value.wire_code == status[:3]
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("status", "down"),
    [
        ("429 Slow Down", False),
        ("503 Away", True),
        ("500 Oops", False),
        ("408 Late", False),
        ("304 Same", False),
    ],
)
async def test_what_can_pass_is_tried_again_when_the_connector_asked_for_it(status: str, down: bool) -> None:
    async with connector(says(status, "", "Retry-After: 17")) as there:
        with pytest.raises(TransientError) as caught:
            await send(there.url)
    asked = 17.0 if status[:3] in {"429", "503", "500"} else None
    assert (caught.value.system_down, caught.value.retry_after_s) == (down, asked)


@pytest.mark.parametrize("answer", [hangs, drips, floods_with_headers, talks_nonsense, dies])
async def test_an_answer_that_is_none_costs_a_bounded_time_and_is_asked_for_again(answer: Answer) -> None:
    async with connector(answer) as there:
        with pytest.raises(TransientError) as caught:
            await asyncio.wait_for(send(there.url), 5)
    assert caught.value.unanswered


async def test_a_flood_is_cut() -> None:
    async with connector(floods) as there:
        with pytest.raises(RejectedError, match="HTTP 400: nono"):
            await asyncio.wait_for(send(there.url), 5)


async def test_an_answer_that_unpacks_to_64_mb_is_read_by_piece() -> None:
    tracemalloc.start()
    try:
        async with connector(sends_a_bomb) as there:
            with pytest.raises(RejectedError, match="HTTP 400"):
                await send(there.url, timeout_s=20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


async def test_nobody_there_is_a_system_that_is_down() -> None:
    async with connector(hangs) as there:
        url = there.url
    with pytest.raises(TransientError) as caught:
        await send(url)
    assert caught.value.system_down


@pytest.mark.parametrize(
    "location",
    ["Location: https://evil.example/x", "Location: file:///etc/passwd", "Location: http://[", "X: y"],
)
async def test_a_redirect_to_elsewhere_is_not_followed(location: str) -> None:
    async with connector(says("307 Moved", "", location)) as there:
        with pytest.raises(TransientError, match="not followed"):
            await send(there.url)
        assert len(there.requests) == 1


async def test_a_redirect_that_would_lose_the_message_is_not_followed() -> None:
    async with connector(says("302 Found", "", "Location: /other")) as there:
        with pytest.raises(TransientError, match="307 or 308"):
            await send(there.url)


async def test_a_redirect_within_the_origin_or_to_one_on_the_list_is_followed() -> None:
    async with connector(says("200 OK")) as other:
        steps = (says("308 x", "", "Location: /other"), says("307 x", "", f"Location: {other.url}/in"))
        async with connector(*steps) as there:
            await send(there.url, redirects=[other.url])
        assert len(there.requests) == 2
        assert len(other.requests) == 1


async def test_redirects_in_a_circle_end() -> None:
    async with connector(says("307 x", "", "Location: /hook")) as there:
        with pytest.raises(TransientError, match="more than 3"):
            await send(there.url)
        assert len(there.requests) == 4


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"secret": "not base64!"}, "base64"),
        ({"secret": "c2hvcnQ="}, "24 to 64"),
        ({"secrets": {}}, "table"),
        ({"secrets": {"a b": KEY}}, "key id"),
        ({"redirects": "x"}, "redirects"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], what: str) -> None:
    given = {"url": "http://127.0.0.1:9", "secret": KEY, **settings}
    with pytest.raises(ConfigurationError, match=what):
        WebhookAdapter(given, make_ports("app"))
