"""Faults of what a stand-in answers: its JSON, or its file, is changed on the way out."""

import base64
import binascii
import json
import random
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import cast

from pydantic import JsonValue
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp_mocks.kit.faults import Faults, Place
from lgsp_mocks.kit.standin import Wording

__all__ = ["REWRITES", "Rewriting"]

REWRITES = ("cut_attachment", "wrong_digest", "schema_ahead", "code_list_changed", "status_backwards")
MOST_BYTES = 16 * 1024 * 1024
NEW_FIELD = "truongMoiCuaPhienBanSau"
_LEAST_BASE64 = 100
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_DIGEST = re.compile(r"(?i)hash|digest|sha\d|md5|checksum")
_HEX = re.compile(r"[0-9A-Fa-f]{32,128}")
_SHARE_OF_CODES = 3
Object = dict[str, JsonValue]
Wire = tuple[Scope, Receive, Send]


class Rewriting:
    """Holds an answer until it is whole, and sends it changed. A fault that finds nothing to change is not used up."""

    def __init__(self, wording: Wording, faults: Faults) -> None:
        self._wording = wording
        self._faults = faults

    async def answer(self, app: ASGIApp, wire: Wire, place: Place) -> None:
        """Let the application answer, through this."""
        scope, receive, send = wire
        held: list[Message] = []
        size = 0

        async def holding(message: Message) -> None:
            nonlocal size
            size += len(message.get("body", b""))
            if size > MOST_BYTES:
                await _through([*held, message], send)
                held.clear()
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                if held[0]["type"] == "http.response.start":
                    await _through(self._changed(held, place), send)
                else:
                    await _through(held, send)
                held.clear()

        await app(scope, receive, holding)

    def _changed(self, held: list[Message], place: Place) -> list[Message]:
        start, body = held[0], b"".join(message.get("body", b"") for message in held[1:])
        headers = MutableHeaders(scope=start)
        kind = headers.get("content-type", "").partition(";")[0]
        for name in ("code_list_changed",) if self._wording.packets else REWRITES:
            if not self._faults.could_meet([name], place):
                continue
            changed = self._rewritten(name, body, kind, place)
            if changed != body and self._faults.meet([name], place) is not None:
                body = changed
        if start["status"] not in {204, 304}:
            headers["content-length"] = str(len(body))
        return [start, {"type": "http.response.body", "body": body, "more_body": False}]

    def _rewritten(self, name: str, body: bytes, kind: str, place: Place) -> bytes:
        if kind.endswith("json"):
            return self._json(name, body, place)
        if kind.endswith("xml"):
            return _xml_ahead(body) if name == "schema_ahead" else body
        if kind.startswith("text/"):
            return body
        return {"cut_attachment": _half, "wrong_digest": _other}.get(name, bytes)(body)

    def _json(self, name: str, body: bytes, place: Place) -> bytes:
        try:
            value = cast("JsonValue", json.loads(body))
        except ValueError:
            return body
        before = json.dumps(value)
        self._change(name, value, place)
        return body if json.dumps(value) == before else json.dumps(value, ensure_ascii=False).encode()

    def _change(self, name: str, value: JsonValue, place: Place) -> None:
        if name == "cut_attachment":
            _change_contents(value, _half)
        elif name == "wrong_digest":
            _change_contents(value, _other)
            _change_digests(value)
        elif name == "schema_ahead":
            for each in _objects(value, 3):
                each[NEW_FIELD] = {"phienBan": 2}
        elif name == "code_list_changed":
            here = (place.path, place.operation)
            if any(fnmatchcase(each, one) for one in self._wording.code_lists for each in here):
                _change_codes(value, self._wording.code_fields)
        else:
            self._set_back(value)

    def _set_back(self, value: JsonValue) -> None:
        for each in _objects(value):
            for field, states in self._wording.states.items():
                found = each.get(field)
                holder, key = (found, "id") if isinstance(found, dict) else (each, field)
                now = holder.get(key)
                if str(now) in states[1:]:
                    earlier = states[states.index(str(now)) - 1]
                    holder[key] = int(earlier) if isinstance(now, int) else earlier


async def _through(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)


def _objects(value: JsonValue, depth: int = 30) -> Iterator[Object]:
    if depth < 0:
        return
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in list(children):
        yield from _objects(child, depth - 1)


def _change_contents(value: JsonValue, change: Callable[[bytes], bytes]) -> None:
    for each in _objects(value):
        for field, text in each.items():
            content = _content(text)
            if content is not None:
                each[field] = base64.b64encode(change(content)).decode()


def _content(value: JsonValue) -> bytes | None:
    if not isinstance(value, str) or len(value) < _LEAST_BASE64 or not _BASE64.fullmatch(value):
        return None
    try:
        return base64.b64decode(value)
    except binascii.Error:
        return None


def _change_digests(value: JsonValue) -> None:
    for each in _objects(value):
        for field, text in each.items():
            if isinstance(text, str) and _DIGEST.search(field) and _HEX.fullmatch(text):
                each[field] = ("1" if text[0] != "1" else "2") + text[1:]


def _change_codes(value: JsonValue, fields: tuple[str, ...]) -> None:
    """One code in three, and the first one always: the same ones at every call."""
    rows = [(each, codes) for each in _objects(value) if (codes := _codes(each, fields))]
    for index, (row, codes) in enumerate(rows):
        if index and random.Random(str(codes)).randrange(_SHARE_OF_CODES):  # noqa: S311 - a choice, no secret
            continue
        row |= {name: _next_code(code) for name, code in codes.items()}


def _codes(row: Object, fields: tuple[str, ...]) -> dict[str, str]:
    return {
        name: value
        for name, value in row.items()
        if isinstance(value, str) and any(fnmatchcase(name, one) for one in fields)
    }


def _next_code(code: str) -> str:
    """Of the same form: its last digit is one higher, 0 behind 9."""
    return re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), code) if code else code


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _other(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1]) if content else content


def _xml_ahead(body: bytes) -> bytes:
    cut = body.rfind(b"</")
    if cut < 0:
        return body
    return body[:cut] + f"<{NEW_FIELD}>2</{NEW_FIELD}>".encode() + body[cut:]
