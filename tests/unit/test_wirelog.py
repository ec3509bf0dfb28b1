"""The wire log: whose exchange it is, what is not kept of it, and its bound."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path

import httpx
import pytest

from lgsp import wirelog
from lgsp.clock import SystemClock
from lgsp.wirelog.clean import MOST_BODY, clean_body, clean_headers, clean_url
from lgsp.wirelog.exchange import KEPT_BYTES, Body, Exchange
from lgsp.wirelog.scope import Scope, entered
from lgsp.wirelog.store import WireFile
from lgsp_adapters import wire

pytestmark = pytest.mark.unit


class Kept:
    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    def now_ms(self) -> int:
        return 5000

    def take(self, scope: Scope) -> None:
        self.scopes.append(scope)


def body(raw: bytes) -> Body:
    found = Body()
    found.add(raw)
    return found


def test_credentials_are_masked_wherever_they_stand() -> None:
    headers = clean_headers([
        ("Authorization", "Bearer abc"), ("XroadVnpt-hash-header", "abc"), ("Set-Cookie", "s=abc"), ("Accept", "text/xml"),
    ])  # fmt: skip
    assert "abc" not in headers
    assert ["Accept", "text/xml"] in json.loads(headers)
    for raw in (
        b'{"session": "abc", "madonvi": "H34"}', b'{"access_token":"abc","x":1}', b"grant_type=x&client_secret=abc",
        b"<Login><Password>abc</Password></Login>", b'{"password":"abc\\"abc"}',
    ):  # fmt: skip
        cleaned = clean_body(body(raw))
        assert "abc" not in cleaned
        assert "***" in cleaned
    assert "abc" not in clean_url("http://me:abc@127.0.0.1/x?token=abc&docId=1")


def test_a_credential_among_much_else_is_masked_and_so_is_one_that_is_not_well_formed() -> None:
    many = "".join(f"<Field{number}>value</Field{number}>" for number in range(200))
    assert "abc" not in clean_body(body(f"<a>{many}<pass-word x='1'>abc</other></a>".encode()))
    pairs = ", ".join(f'"name{number}": "value"' for number in range(200))
    cleaned = clean_body(body(f'{{{pairs}, "x":"y","api_key" : "abc"}}'.encode()))
    assert "abc" not in cleaned
    assert cleaned.count("value") == 200


def test_an_attachment_stands_as_its_length_and_digest() -> None:
    encoded = base64.b64encode(hashlib.sha512(b"1").digest() * 100)
    cleaned = clean_body(body(b'<Attachment name="a.pdf">' + encoded + b"</Attachment>"))
    assert f"{len(encoded)} characters" in cleaned
    assert hashlib.sha256(encoded).hexdigest() in cleaned
    assert encoded.decode()[:100] not in cleaned


def test_what_is_long_is_cut_and_what_is_no_text_is_named() -> None:
    long = body("Đ ".encode() * KEPT_BYTES)
    assert long.size == 3 * KEPT_BYTES
    assert len(clean_body(long)) == MOST_BODY
    assert clean_body(body(b"%PDF-1.4 \x00")).startswith("[10 bytes that are not text, sha-256 ")


def test_text_stays_as_it_is() -> None:
    text = '{"TrichYeu": "V/v <b>x</b> & y=1", "rỗng": ""}'
    assert clean_body(body(text.encode())) == text


def test_a_hostile_body_is_cleaned_in_linear_time() -> None:
    for raw in (b'"a":"' * 200_000, b"<a " * 300_000, b"A" * 1_000_000 + b"\\", b"&a" * 400_000):
        clean_body(body(raw))  # the test's time limit is the assertion


async def test_calls_belong_to_the_message_of_their_scope_and_to_no_other() -> None:
    kept = Kept()

    async def one(name: str) -> None:
        with entered(Scope(kept, "axis", "sent", {name})):
            await asyncio.sleep(0)
            wirelog.note(Exchange("bus", "POST", f"/{name}"))

    await asyncio.gather(one("a"), one("b"))
    assert {(*scope.keys, scope.exchanges[0].url) for scope in kept.scopes} == {("a", "/a"), ("b", "/b")}


def test_an_item_of_a_round_keeps_its_own_exchanges_and_one_of_nothing_is_forgotten() -> None:
    kept = Kept()
    with entered(Scope(kept, "axis", "received")):
        wirelog.note(Exchange("bus", "POST", "/list"))
        for name in ("a", "b"):
            with wirelog.item():
                wirelog.note(Exchange("bus", "GET", f"/{name}"))
                if name == "b":
                    wirelog.about("message-b")
    (scope,) = kept.scopes
    assert (scope.keys, [one.url for one in scope.exchanges]) == ({"message-b"}, ["/b"])


def test_without_a_log_nothing_is_collected() -> None:
    wirelog.note(Exchange("bus", "GET", "/"))
    wirelog.about("a")
    with wirelog.item():
        assert wirelog.current() is None


async def test_a_call_is_noted_with_both_bodies_and_a_failed_one_with_its_reason() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/away":
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"ErrorCode": "0"})

    async def chunks():
        yield b"<edXML>"
        yield b"</edXML>"

    kept = Kept()
    async with wire.build_client("http://axis.test", transport=httpx.MockTransport(answer)) as client:
        with entered(Scope(kept, "axis", "sent", {"m"})):
            await wire.call(client, "POST", "/sendEdoc", content=chunks())
            await wire.call(client, "POST", "/up", files={"file": ("a.txt", b"inside", "text/plain")})
            with pytest.raises(wire.TransientError):
                await wire.call(client, "GET", "/away")
    sent, upload, away = kept.scopes[0].exchanges
    assert (bytes(sent.body.kept), sent.status, bytes(sent.answer.kept)) == (
        b"<edXML></edXML>",
        200,
        b'{"ErrorCode":"0"}',
    )
    assert b"inside" in upload.body.kept
    assert (away.status, "ConnectError" in away.error) == (0, True)


async def test_the_log_is_a_ring_that_another_process_can_read(tmp_path: Path) -> None:
    clock = SystemClock()
    async with wirelog.WireLog.open(tmp_path / "wire.db", clock, most=10) as log:
        for number in range(600):
            log.take(
                Scope(
                    log, "axis", "sent", {f"m{number}"}, [Exchange("bus", "POST", f"/{number}", at_ms=number)]
                )
            )
    async with wirelog.WireLog.open(tmp_path / "wire.db", clock) as other:
        assert [one.url for one in await other.find("m599")] == ["/599"]
        assert await other.find("m0") == []


async def test_a_receipt_finds_what_its_system_fetched(tmp_path: Path) -> None:
    async with wirelog.WireLog.open(tmp_path / "wire.db", SystemClock()) as log:
        with entered(Scope(log, "ioffice", "received")):
            wirelog.about(reference="doc-1")
            wirelog.note(Exchange("system", "GET", "/in/ioffice/downloadEdoc"))
    async with wirelog.WireLog.open(tmp_path / "wire.db", SystemClock()) as log:
        (fetched,) = await log.find("m", [("ioffice", "doc-1")])
        assert (fetched.stage, fetched.caller) == ("sent", "system")
        assert await log.find("m", [("axis", "doc-1")]) == []


async def test_a_full_queue_drops_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lgsp.wirelog.log.QUEUE_BYTES", 10)
    async with wirelog.WireLog.open(tmp_path / "wire.db", SystemClock()) as log:
        log.take(Scope(log, "axis", "sent", {"m"}, [Exchange("bus", "POST", "/", body=body(b"x" * 11))]))
        assert log.dropped == 1


async def test_parts_that_start_together_all_open_the_new_file(tmp_path):
    opened = await asyncio.gather(*(asyncio.to_thread(WireFile, tmp_path / "wire.db") for _ in range(12)))
    for file in opened:
        file.close()
