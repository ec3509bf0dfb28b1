"""Document axes that are wrong in one way each: in their answers, or in a part of their inside."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from broken.hands import Breakers, answers
from lgsp.clock import SystemClock
from lgsp.standards import vxp
from lgsp_mocks.axis import exchange, packets, wire
from tampering import Call, Forward, Hand, Reply

Rewrite = Callable[[str, dict[str, str], dict[str, Any]], dict[str, Any] | None]
Patch = Callable[[pytest.MonkeyPatch], None]


def rewriting(rewrite: Rewrite) -> Hand:
    """Changes JSON answers: by path, request headers and answer; None: HTTP 417 instead."""

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if answer.raw[:1] != b"{":
            return answer
        changed = rewrite(call.path.strip("/"), call.headers, answer.body)
        if changed is None:
            return Reply(417, b"")
        return Reply(changed.pop("http", answer.status), json.dumps(changed).encode())

    return hand


def field(call: str, name: str, make: Callable[[Any], Any]) -> Rewrite:
    return lambda path, _, body: {**body, name: make(body[name])} if path == call and name in body else body


def rows(call: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Rewrite:
    return field(call, "data", lambda data: [change(row) for row in data])


_REWRITES: dict[str, tuple[Rewrite, set[str]]] = {
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
    "knows docid and docId as two parameters": (
        lambda path, headers, body: (
            body | {"ErrorCode": "21"}
            if path == "updateStatus" and '"XroadVnpt-docId"' in headers["xroadvnpt-sign-header"]
            else body
        ),
        {"36"},
    ),
    "lists only what nobody has begun": (
        field(
            "getReceivedEdocList", "data", lambda data: [row for row in data if row["status"] == "initial"]
        ),
        {"39"},
    ),
}


def _is_old(headers: dict[str, str]) -> bool:
    given = headers.get("xroadvnpt-timestamp", "")
    return bool(given) and given[:8] != vxp.timestamp(SystemClock().now())[:8]


def spells_anew(call: Call, answer: Reply) -> Reply:
    """Downloads in decomposed Unicode, as one that keeps packets as text on another system may do."""
    if "downloadEdoc" not in call.path or answer.raw[:1] == b"{":
        return answer
    return replace(answer, raw=unicodedata.normalize("NFD", answer.raw.decode()).encode())


AXIS: Breakers = {name: (rewriting(rewrite), ids) for name, (rewrite, ids) in _REWRITES.items()} | {
    "spells downloads anew": (answers(spells_anew), {"35"})
}


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
    patch.setattr(vxp.Parameters, "are_signed", lambda *_: True)


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


def drops_what_has_no_file(patch: pytest.MonkeyPatch) -> None:
    manifest = re.compile(rb"<edXML:edXMLBody>.*</edXML:edXMLBody>", re.DOTALL)
    _preparing(patch, lambda raw: raw if b"<AttachmentEncoded" in raw else manifest.sub(b"", raw))


def loses_statuses(patch: pytest.MonkeyPatch) -> None:
    deliver = exchange.Exchange._deliver

    def losing(self: Any, doc_id: str, packet: Any, *rest: str) -> None:
        if packets.kind_of(packet) == "edoc":
            deliver(self, doc_id, packet, *rest)

    patch.setattr(exchange.Exchange, "_deliver", losing)


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


AXIS_PARTS: dict[Patch, set[str]] = {
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
    drops_what_has_no_file: {"21"},
    loses_statuses: {"23", "24"},
    mixes_kinds: {"32"},
    reading_takes_away: {"33"},
}
"""Parts of the right axis that are put out of order, and the assertions that this breaks."""
