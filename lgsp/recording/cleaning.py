"""From what went over the wire to what may be saved: every header, address and body with invented people in it."""

import base64
import binascii
import gzip
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import JsonValue

from lgsp.errors import InvalidMessageError, LgspError
from lgsp.recording.fields import kind_of_field, looks_like_name
from lgsp.recording.findings import Findings
from lgsp.recording.pseudonyms import Pseudonyms
from lgsp.recording.tape import Body, Exchange, Request, Response, Tape
from lgsp.recording.wrappings import Text, encoded_words, free, gunzip
from lgsp.standards.xml import local_name, parse, serialize

__all__ = ["Cleaner", "RawExchange", "RawMessage"]

_LEFT_OUT = b"left out by lgsp record"
_PDF = b"%PDF-1.4\n% left out by lgsp record\n%%EOF\n"
_SECRET_HEADERS = frozenset({
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-secretkey", "lgspaccesstoken", "x-api-key",
    "x-csrf-token",
})  # fmt: skip
_NOT_KEPT = frozenset({
    "host", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "te", "trailer", "upgrade",
    "proxy-authenticate", "date", "server", "expect", "accept-encoding", "forwarded", "x-forwarded-for", "x-real-ip", "via",
})  # fmt: skip
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]{24,}={0,2}\s*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_DEEPEST = 8
_PASSED_ON = frozenset({"address", "secret"})
"""Kinds that the members of an object under such a field are of, too."""

_PERSONS_OWN = frozenset(
    {
        "ho",
        "hodem",
        "holot",
        "tendem",
        "givenname",
        "familyname",
        "firstname",
        "lastname",
        "preferredusername",
    }
)
"""Fields beside which `ten` or `name` is a person's; alone it may be anything's."""

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RawMessage:
    """`line` is the method and `target` the path with its query of a request; `status` belongs to an answer."""

    headers: Headers
    body: bytes
    method: str = ""
    path: str = ""
    query: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class RawExchange:
    """As it went over the wire; never saved."""

    request: RawMessage
    response: RawMessage
    ms: float = 0


class Cleaner:
    """One recording's: what stands for whom is forgotten with it."""

    def __init__(self) -> None:
        self._pseudonyms = Pseudonyms()
        self._findings = Findings(self._pseudonyms)

    def tape(self, upstream: str, recorded_at: str, exchanges: Iterable[RawExchange]) -> Tape:
        """All of them, cleaned.

        Raises:
            LgspError: something personal would be left; nothing is to be saved then.
        """
        kept = list(exchanges)
        for one in kept:
            self._walk(one, self._learn)
        cleaned = [self._walk(one, self._clean) for one in kept]
        tape = Tape(
            upstream=upstream, recorded_at=recorded_at, replaced=dict(sorted(self._pseudonyms.counts.items())), exchanges=cleaned
        )  # fmt: skip
        saved = tape.model_dump_json()
        if self._findings.leaks(saved) or self._findings.leaks(unquote(html.unescape(saved))):
            raise LgspError(
                "personal data would be left in the recording, in a place that could not be cleaned; nothing was saved"
            )
        return tape

    def _learn(self, text: str, kind: str | None) -> str:
        if kind is not None:
            self._findings.learn(kind, text)
        return text

    def _clean(self, text: str, kind: str | None) -> str:
        if kind is None or not text.strip() or text == "***":
            return self._findings.cleaned(text)
        if kind in {"citizen", "phone", "bank", "tax"} and sum(map(str.isdigit, text)) < 6:
            return self._findings.cleaned(text)
        if kind == "name" and not looks_like_name(text):
            # A sentence with a name in it, or a name with a title; else something that is no name by its form.
            cleaned = self._findings.cleaned(text)
            return cleaned if cleaned != text else self._pseudonyms.stand_in(kind, text)
        if kind == "email" and "@" not in text:
            return self._findings.cleaned(text)
        return self._pseudonyms.stand_in(_by_form(kind, text), text)

    def _walk(self, one: RawExchange, text: Text) -> Exchange:
        request, response = one.request, one.response
        path = "/".join(
            quote(_value(unquote(part), None, text, 0), safe=";=") for part in request.path.split("/")
        )
        return Exchange(
            request=Request(
                method=request.method, path=path, query=_query(request.query, text), headers=_headers(request.headers, text),
                body=_message_body(request, text),
            ),
            response=Response(
                status=response.status, headers=_headers(response.headers, text), body=_message_body(response, text)
            ),
            ms=one.ms,
        )  # fmt: skip


def _by_form(kind: str, text: str) -> str:
    """A passport under `SoGiayTo` is no citizen's number; an account may be called by letters."""
    digits = sum(map(str.isdigit, text))
    if kind == "citizen" and digits not in {9, 12}:
        return "shape"
    return "shape" if kind == "tax" and digits not in {10, 13} else kind


def _free(value: str, text: Text, depth: int) -> str:
    """A text of no kind; what is wrapped in it is cleaned within."""
    if depth >= _DEEPEST:
        return text(value, None)

    def inner(wrapped: str) -> str:
        return _readable(wrapped, text, depth + 1).decode()

    return free(value, text, inner, partial(_query_within, text=text, depth=depth + 1))


def _query_within(query: str, text: Text, depth: int) -> str:
    """An address's query within a text; as it was written, where nothing was in it."""
    as_written = urlencode(parse_qsl(query, keep_blank_values=True))
    cleaned = _query(query, text, depth)
    return query if cleaned == as_written else cleaned


def _query(query: str, text: Text, depth: int = 0) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    if not pairs and query:
        return quote(_free(unquote(query), text, depth), safe="=&")
    return urlencode(
        [(text(name, None), _value(value, kind_of_field(name), text, depth)) for name, value in pairs]
    )


def _headers(headers: Headers, text: Text) -> Headers:
    return [
        (name.lower(), _header(name.lower(), value, text))
        for name, value in headers
        if name.lower() not in _NOT_KEPT
    ]


def _header(name: str, value: str, text: Text) -> str:
    if name == "authorization":
        scheme, _, token = value.partition(" ")
        return f"{scheme} {text(token, 'secret')}" if token else text(value, "secret")
    if name == "cookie":
        return "; ".join(_cookie(part, text) for part in value.split(";"))
    if name == "set-cookie":
        first, mark, rest = value.partition(";")
        return _cookie(first, text) + mark + _free(rest, text, 0)
    if name in _SECRET_HEADERS:
        return text(value, "secret")
    kind = kind_of_field(name)
    if kind is not None:
        return text(value, kind)
    return encoded_words(value, lambda bare: _value(bare, None, text, 0))


def _cookie(pair: str, text: Text) -> str:
    name, mark, value = pair.strip().partition("=")
    return f"{name}{mark}{text(value, 'secret')}"


def _message_body(message: RawMessage, text: Text) -> Body:
    kind = next((value for name, value in message.headers if name.lower() == "content-type"), "")
    raw = _content(message.body, kind, text)
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        return Body(base64=base64.b64encode(raw).decode())
    if decoded[:1] in {"{", "["}:
        try:
            return Body(json_value=cast("JsonValue", json.loads(decoded)))
        except (ValueError, RecursionError):
            pass
    return Body(text=decoded)


def _content(raw: bytes, content_type: str, text: Text, depth: int = 0) -> bytes:
    """A body, or what was found in one: what can't be read can't be cleaned, and is left out."""
    kind = content_type.partition(";")[0].strip().lower()
    if not raw:
        return raw
    if kind.startswith("multipart/"):
        return _multipart(raw, content_type, text, depth)
    decoded = _decoded(raw)
    if decoded is None or raw.startswith(b"%PDF"):
        return _packed(raw, content_type, text, depth)
    if kind == "application/x-www-form-urlencoded":
        return _query(decoded, text, depth).encode()
    return _readable(decoded, text, depth)


def _packed(raw: bytes, content_type: str, text: Text, depth: int) -> bytes:
    """What is no text: gzip is unpacked, anything else left out."""
    if raw.startswith(b"%PDF"):
        return _PDF
    unpacked = gunzip(raw) if depth < _DEEPEST else None
    if unpacked is None:
        return _LEFT_OUT
    return gzip.compress(_content(unpacked, content_type, text, depth + 1), mtime=0)


def _decoded(raw: bytes) -> str | None:
    try:
        return None if _CONTROL.search(raw) else raw.decode()
    except UnicodeDecodeError:
        return None


def _readable(decoded: str, text: Text, depth: int) -> bytes:
    start = decoded.lstrip("\ufeff \t\r\n")[:1]
    if start in {"{", "[", '"'}:
        try:
            value = cast("JsonValue", json.loads(decoded.lstrip("\ufeff")))
        except (ValueError, RecursionError):
            return _free(decoded, text, depth).encode()
        return json.dumps(_json(value, None, text, depth), ensure_ascii=False).encode()
    if start == "<":
        try:
            return _xml(decoded.encode(), text, depth)
        except InvalidMessageError:
            return _free(decoded, text, depth).encode()
    return _free(decoded, text, depth).encode()


def _json(value: JsonValue, kind: str | None, text: Text, depth: int) -> JsonValue:
    if isinstance(value, dict):
        passed_on = kind if kind in _PASSED_ON else None
        own = "name" if _PERSONS_OWN & {re.sub(r"[^a-z]", "", name.lower()) for name in value} else None
        return {
            text(name, None): _json(
                each,
                kind_of_field(name) or passed_on or (own if name.lower() in {"ten", "name"} else None),
                text,
                depth,
            )
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_json(each, kind, text, depth) for each in value]
    if isinstance(value, str):
        return _value(value, kind, text, depth)
    if isinstance(value, int) and not isinstance(value, bool):
        digits = text(str(value), kind)
        return int(digits) if digits.isdecimal() else digits if digits != str(value) else value
    if isinstance(value, float) and value.is_integer():
        found = _json(int(value), kind, text, depth)
        return value if found == int(value) else found
    return value


def _value(value: str, kind: str | None, text: Text, depth: int) -> str:
    """A field's text; what is in base64, or JSON and XML within a text, is cleaned within."""
    if depth < _DEEPEST and kind is None and len(value) >= 24:
        if _BASE64.fullmatch(value) and (raw := _unpacked(value)) is not None:
            return base64.b64encode(_content(raw, "", text, depth + 1)).decode()
        if value.lstrip()[:1] in {"{", "[", "<"}:
            return _readable(value, text, depth + 1).decode()
    return text(value, kind) if kind is not None else _free(value, text, depth)


def _unpacked(value: str) -> bytes | None:
    """What the base64 holds; a long word or a hash may look like base64 and is none."""
    packed = "".join(value.split())
    if len(packed) % 4 or re.fullmatch(r"[0-9a-fA-F]+|[A-Za-z]+|\d+", packed):
        return None
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None


def _xml(raw: bytes, text: Text, depth: int) -> bytes:
    root = parse(raw)
    for element in root.iter():
        kind = kind_of_field(local_name(element))
        if element.text and element.text.strip():
            element.text = _value(element.text, kind, text, depth)
        if element.tail and element.tail.strip():
            element.tail = _free(element.tail, text, depth)
        for name, value in element.attrib.items():
            element.set(name, _value(str(value), kind_of_field(str(name).rpartition("}")[2]), text, depth))
    return serialize(root)


def _multipart(raw: bytes, content_type: str, text: Text, depth: int) -> bytes:
    found = re.search(r'boundary="?([^";]{1,200})', content_type)
    if found is None:
        return _LEFT_OUT
    mark = b"--" + found[1].encode()
    parts = raw.split(mark)
    cleaned = [_part(part, text, depth) for part in parts[1:-1]]
    return mark + mark.join(cleaned) + mark + b"--\r\n"


def _part(part: bytes, text: Text, depth: int) -> bytes:
    head, _, body = part.partition(b"\r\n\r\n")
    header = head.decode(errors="replace")
    named = re.search(r'name="([^"]*)"', header)
    typed = re.search(r"(?i)content-type:\s*([^\r\n]+)", header)
    body = body.removesuffix(b"\r\n")
    packed = re.search(r"(?i)content-transfer-encoding:\s*base64", header) is not None
    body = (_unpacked(body.decode("latin-1")) or b"") if packed else body
    kind = kind_of_field(named[1]) if named and "filename" not in header else None
    if kind is not None:
        content = text(body.decode(errors="replace"), kind).encode()
    else:
        content = _content(body, typed[1] if typed else "", text, depth + 1)
    content = base64.b64encode(content) if packed else content
    return _free(header, text, 0).encode() + b"\r\n\r\n" + content + b"\r\n"
