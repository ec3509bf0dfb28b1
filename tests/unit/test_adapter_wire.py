"""lgsp_adapters.wire: what becomes of foreign errors, logins and settings."""

import gzip
from contextlib import nullcontext

import httpx
import pytest

from lgsp.errors import ConfigurationError, RejectedError, TransientError
from lgsp.wirelog import Scope
from lgsp.wirelog.scope import entered
from lgsp_adapters import wire
from lgsp_adapters.session import Session

pytestmark = pytest.mark.unit

URL = "http://system.test/api"


def client(answer) -> httpx.AsyncClient:
    return wire.build_client(URL, transport=httpx.MockTransport(answer))


async def ask(answer, **options) -> httpx.Response:
    async with client(answer) as http:
        return await wire.call(http, "POST", "/thing", **options)


@pytest.mark.parametrize(
    ("error", "down", "unanswered"),
    [
        (httpx.ConnectError, True, True),
        (httpx.ConnectTimeout, True, False),
        (httpx.ReadTimeout, False, True),
        (httpx.RemoteProtocolError, False, True),
        (httpx.PoolTimeout, False, False),
    ],
)
async def test_no_connection_is_the_systems_fault_and_no_answer_may_be_the_messages(error, down, unanswered):
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    with pytest.raises(TransientError) as caught:
        await ask(answer)
    assert (caught.value.system_down, caught.value.unanswered) == (down, unanswered)


@pytest.mark.parametrize(
    ("status", "down"), [(500, False), (501, False), (502, True), (503, True), (504, True)]
)
async def test_a_server_fault_is_transient_and_a_gateway_fault_means_down(status, down):
    with pytest.raises(TransientError) as caught:
        await ask(lambda _: httpx.Response(status, headers={"Retry-After": "7"}))
    assert caught.value.system_down is down
    assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize(("header", "seconds"), [("3", 3.0), ("nan", None), ("-1", None), ("tomorrow", None)])
async def test_too_many_requests_wait_as_long_as_the_system_asks(header, seconds):
    with pytest.raises(TransientError) as caught:
        await ask(lambda _: httpx.Response(429, headers={"Retry-After": header}))
    assert caught.value.retry_after_s == seconds
    assert not caught.value.system_down


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 422])
async def test_other_answers_are_left_to_the_caller(status):
    response = await ask(lambda _: httpx.Response(status, json={"a": 1}))
    assert (response.status_code, response.json()) == (status, {"a": 1})


async def test_an_answer_beyond_the_bound_is_dropped_while_it_is_being_read():
    with pytest.raises(TransientError, match="larger than 10 bytes"):
        await ask(lambda _: httpx.Response(200, content=b"x" * 11), max_bytes=10)


async def test_the_bound_counts_what_compressed_content_unpacks_to():
    packed = gzip.compress(b"x" * 10_000)
    with pytest.raises(TransientError, match="larger than 5000 bytes"):
        await ask(
            lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=packed),
            max_bytes=5000,
        )


async def test_a_compressed_answer_is_readable():
    packed = gzip.compress(b'{"a": 1}')
    response = await ask(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=packed))
    assert response.json() == {"a": 1}


class Unasked:
    def now_ms(self) -> int:
        return 0

    def take(self, scope: Scope) -> None:
        raise AssertionError


def gone(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


@pytest.mark.parametrize("is_watched", [False, True])
@pytest.mark.parametrize("answer", [
    gone, lambda _: httpx.Response(503, headers={"Retry-After": "7"}), lambda _: httpx.Response(429),
    lambda _: httpx.Response(200, headers={"Content-Encoding": "br"}, content=b"x"),
    lambda _: httpx.Response(404, json={"a": 1}), lambda request: httpx.Response(200, content=request.content),
])  # fmt: skip
async def test_a_call_without_httpx_objects_ends_as_one_with_them(answer, is_watched) -> None:
    async def outcome(asking) -> object:
        try:
            found = await asking
        except TransientError as exc:
            return str(exc), exc.system_down, exc.unanswered, exc.retry_after_s
        return found.status_code, found.content, found.json()

    async with client(answer) as http:
        expected = await outcome(wire.call(http, "POST", "/thing", headers={"X": "1"}, content=b"[1]"))
        # Nothing is taken from a scope that is about nothing.
        with entered(Scope(Unasked(), "axis", "sent")) if is_watched else nullcontext():
            assert await outcome(wire.ask(http, "/thing", {"X": "1"}, b"[1]")) == expected


async def test_the_base_path_is_kept_before_the_operation():
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200)

    await ask(answer, params={"q": "1"})
    assert seen == ["http://system.test/api/thing?q=1"]


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b'"x"', b""])
async def test_an_answer_that_is_no_json_object_is_transient(content):
    response = await ask(lambda _: httpx.Response(200, content=content))
    with pytest.raises(TransientError, match="JSON"):
        wire.json_object(response, "thing")


async def test_an_unknown_scheme_is_refused_rather_than_retried_for_ever():
    async with httpx.AsyncClient() as http:
        with pytest.raises(RejectedError):
            await wire.call(http, "GET", "ftp://system.test/")


class Logins:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        return f"token-{self.count}"


async def test_a_session_logs_in_once_and_keeps_the_token():
    logins = Logins()
    session = Session(logins)

    async def attempt(token: str) -> httpx.Response:
        return httpx.Response(200, text=token)

    answers = [(await session.run(attempt)).text for _ in range(3)]
    assert answers == ["token-1"] * 3
    assert logins.count == 1


async def test_a_session_logs_in_again_once_when_its_token_is_refused():
    logins = Logins()
    session = Session(logins)

    async def attempt(token: str) -> httpx.Response:
        return httpx.Response(401 if token == "token-1" else 200, text=token)

    assert (await session.run(attempt)).text == "token-2"
    assert (await session.run(attempt)).text == "token-2"
    assert logins.count == 2


async def test_a_session_that_ends_as_soon_as_it_began_is_tried_again_later():
    logins = Logins()

    async def attempt(_token: str) -> httpx.Response:
        return httpx.Response(401)

    with pytest.raises(TransientError, match="just begun"):
        await Session(logins).run(attempt)
    assert logins.count == 4


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (lambda values: wire.setting(values, "axis", "secret"), "secret"),
        (lambda values: wire.url_setting(values, "axis"), "url"),
        (lambda values: wire.number_setting(values, "axis", "timeout_s", 10.0), "timeout_s"),
    ],
)
@pytest.mark.parametrize("value", ["", "  ", 0, True, [], "ftp://x", "http://"])
def test_a_wrong_setting_is_named_with_its_system_and_key(read, key, value):
    if key == "secret" and isinstance(value, str) and value.strip():
        value = None
    with pytest.raises(ConfigurationError, match=rf"\[systems\.axis\]\.{key}"):
        read({key: value})


def test_settings_have_defaults_and_lose_the_slash_at_the_end():
    assert wire.setting({}, "axis", "system_id", "sim") == "sim"
    assert wire.url_setting({"url": "http://127.0.0.1:8103/"}, "axis") == "http://127.0.0.1:8103"
    assert wire.number_setting({"timeout_s": 3}, "axis", "timeout_s", 10.0) == 3.0
