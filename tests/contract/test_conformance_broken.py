"""The test of the kit: each broken axis fails exactly the assertions that it should."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import SystemClock
from lgsp.conformance import SUITES, Outcome, check
from lgsp.http_server import HttpServer
from lgsp.standards import vxp
from lgsp_mocks.axis import STAND_IN, exchange, packets, wire
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract
AXIS = SUITES["axis"]
Rewrite = Callable[[str, dict[str, str], dict[str, Any]], dict[str, Any] | None]


@dataclass
class Rewriting:
    """Changes the JSON answers of a right server: by path, request headers and answer; None: HTTP 417 instead."""

    app: ASGIApp
    rewrite: Rewrite

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started: list[Message] = []
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, keep)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, raw = started[0]["status"], bytes(body)
        if raw[:1] == b"{":
            changed = self.rewrite(scope["path"].strip("/"), headers, json.loads(raw))
            status = 417 if changed is None else changed.pop("http", status)
            raw = b"" if changed is None else json.dumps(changed).encode()
        length = [(b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": length})
        await send({"type": "http.response.body", "body": raw})


async def broken(rewrite: Rewrite | None = None) -> set[str]:
    app: Any = create_app(STAND_IN, autopilot=False)
    server = HttpServer("broken", "127.0.0.1", 0)
    await server.start(Rewriting(app, rewrite) if rewrite else app)
    try:
        verdicts = await check(AXIS, server.url, AXIS.options)
    finally:
        await server.stop()
    return {one.id.removeprefix("LGSP-AX-") for one in verdicts if one.outcome is Outcome.FAILED}


def field(call: str, name: str, make: Callable[[Any], Any]) -> Rewrite:
    return lambda path, _, body: {**body, name: make(body[name])} if path == call and name in body else body


def rows(call: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Rewrite:
    return field(call, "data", lambda data: [change(row) for row in data])


ANSWERS: dict[str, tuple[Rewrite, set[str]]] = {
    "ErrorCode as a number": (lambda _, __, body: {**body, "ErrorCode": int(body["ErrorCode"])}, {"01"}),
    "agencies with numbers for ids": (
        rows("getAgenciesList", lambda row: row | {"id": int(row["id"])}),
        {"02"},
    ),
    "refusals with HTTP 400": (
        lambda _, __, body: body if body["ErrorCode"] == "0" else {**body, "http": 400},
        {"09"},
    ),
    "DocId spelled docId": (
        lambda path, _, body: (
            {"docId": body.pop("DocId"), **body} if path == "sendEdoc" and "DocId" in body else body
        ),
        {"11"},
    ),
    "does not know Expect": (lambda _, headers, body: None if "expect" in headers else body, {"08"}),
    "count as text": (field("countReceiveEdoc", "count", str), {"43"}),
    "getEdoc cut off": (field("getEdoc", "data", lambda data: data[: len(data) // 8 * 4]), {"34"}),
    "lists the newest first": (field("getReceivedEdocList", "data", lambda data: data[::-1]), {"45"}),
    "lists without a status": (rows("getReceivedEdocList", lambda row: row | {"status": ""}), {"31"}),
    "hides the receiver's state": (rows("getSentEdocList", lambda row: row | {"receiveStatus": ""}), {"42"}),
    "unknown receiver is a system error": (
        lambda _, __, body: body | {"ErrorCode": "20"} if body["ErrorCode"] == "18" else body,
        {"17"},
    ),
    "unknown sender is a system error": (
        lambda _, __, body: body | {"ErrorCode": "20"} if body["ErrorCode"] == "19" else body,
        {"18"},
    ),
    "bad XML is a system error": (
        lambda _, __, body: body | {"ErrorCode": "20"} if body["ErrorCode"] == "22" else body,
        {"19"},
    ),
    "missing packet is an empty one": (
        lambda path, _, body: (
            {"status": "OK", "ErrorCode": "0", "data": ""}
            if path == "getEdoc" and body["ErrorCode"] == "21"
            else body
        ),
        {"44"},
    ),
    "chokes on stale parameters": (
        lambda path, headers, body: (
            body | {"ErrorCode": "20"}
            if path == "getReceivedEdocList" and "xroadvnpt-filepath" in headers
            else body
        ),
        {"07"},
    ),
    "wants fresh time stamps": (
        lambda _, headers, body: body | {"ErrorCode": "15"} if _is_old(headers) else body,
        {"06"},
    ),
}


def _is_old(headers: dict[str, str]) -> bool:
    given = headers.get("xroadvnpt-timestamp", "")
    return bool(given) and given[:8] != vxp.timestamp(SystemClock().now())[:8]


@pytest.mark.parametrize("name", ANSWERS)
async def test_axis_with_other_answers_fails_exactly(name: str) -> None:
    rewrite, expected = ANSWERS[name]
    assert await broken(rewrite) == expected


class Forgetful:
    """Remembers nothing that was sent."""

    def __contains__(self, _: object) -> bool:
        return False

    def get(self, _: str) -> None:
        return None

    def put(self, *_: object) -> None: ...

    def delete(self, *_: object) -> None: ...


def forgets(patch: pytest.MonkeyPatch) -> None:
    begin = exchange.Exchange.__init__

    def forgetful(self: Any, context: Any) -> None:
        begin(self, context)
        self._sent = Forgetful()

    patch.setattr(exchange.Exchange, "__init__", forgetful)


def remembers_bytes_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exchange.Exchange, "_earlier", lambda *_: {})


def never_settles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exchange.Exchange, "mark", lambda *_: None)


def trusts_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vxp, "verify", lambda *_: True)


def wants_padded_hashes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vxp, "_fits", lambda digest, claimed: digest.hex() == claimed)


def wants_unpadded_hashes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vxp, "_fits", lambda digest, claimed: vxp._unpadded(digest) == claimed)


def takes_any_hash(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vxp, "_fits", lambda digest, claimed: True)


def takes_any_kind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(packets, "check_kind", lambda *_: None)


def takes_any_read_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wire, "check_read_state", lambda status: status)


def _preparing(patch: pytest.MonkeyPatch, prepare: Callable[[bytes], bytes]) -> None:
    read = packets.read
    patch.setattr(packets, "read", lambda content: read(packets.Content.of(prepare(content.read()))))


def expands_entities(patch: pytest.MonkeyPatch) -> None:
    doctype = b'<!DOCTYPE edXML [<!ENTITY e "boom">]>'
    _preparing(patch, lambda raw: raw.replace(doctype, b"").replace(b"&e;", b"boom"))


def mixes_kinds(patch: pytest.MonkeyPatch) -> None:
    both = exchange.Exchange.inbox
    patch.setattr(
        exchange.Exchange,
        "inbox",
        lambda self, system, _: both(self, system, "edoc") + both(self, system, "status"),
    )


def reading_takes_away(patch: pytest.MonkeyPatch) -> None:
    held = exchange.Exchange.held

    def taking(self: Any, system: str, doc_id: str) -> Any:
        found = held(self, system, doc_id)
        self.packets.put(doc_id, {**found[0], "status": "done"})
        return found

    patch.setattr(exchange.Exchange, "held", taking)


PARTS: dict[Callable[[pytest.MonkeyPatch], None], set[str]] = {
    forgets: {"15", "16", "24", "25"},
    remembers_bytes_only: {"25"},
    never_settles: {"37", "38", "41", "42"},
    trusts_everybody: {"03", "04", "05", "09"},
    wants_padded_hashes: {"12"},
    wants_unpadded_hashes: {"13"},
    takes_any_hash: {"14"},
    takes_any_kind: {"22"},
    takes_any_read_state: {"40"},
    expands_entities: {"20"},
    mixes_kinds: {"32"},
    reading_takes_away: {"33"},
}


@pytest.mark.parametrize("breaks", PARTS)
async def test_axis_with_a_broken_part_fails_exactly(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    assert await broken() == PARTS[breaks]
