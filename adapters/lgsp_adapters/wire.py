"""HTTP as every adapter uses it: time limits, bounded answers, errors translated once; and settings."""

import json
import math
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import httpx
import msgspec
from pydantic import JsonValue

from lgsp.adapter import AdapterSettings
from lgsp.errors import ConfigurationError, RejectedError, TransientError
from lgsp.http_client import Answer, HttpClient, HttpTransport, HttpxAnswer
from lgsp.standards.content import CHUNK_BYTES, Content, ContentWriter
from lgsp.standards.encoded import ACCEPTED, EncodingError, Unpacker
from lgsp.standards.tls import client_context
from lgsp.wirelog import Body, Exchange
from lgsp.wirelog import current as current_scope
from lgsp.wirelog import note as note_exchange

__all__ = [
    "MAX_RESPONSE_BYTES",
    "CallOptions",
    "Reply",
    "ask",
    "body_of",
    "build_client",
    "call",
    "download",
    "json_body",
    "json_object",
    "number_setting",
    "setting",
    "url_setting",
]

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""Default bound of an answer's decoded body; a caller that fetches documents gives its own."""

_AWAY = frozenset({502, 503, 504})
_OF_THE_ENCODING = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
# The call was made: whether the message or the system is to blame is not known. A full pool (PoolTimeout) is our own doing.
_NO_ANSWER = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.NetworkError, httpx.RemoteProtocolError)


class _TooLargeError(Exception):
    """The answer is larger than its bound."""


_FAILURES = (httpx.TransportError, EncodingError, _TooLargeError)


class CallOptions(TypedDict, total=False):
    """What `call` hands on to httpx."""

    headers: Mapping[str, str]
    params: Mapping[str, str | int]
    json: object
    content: bytes | AsyncIterable[bytes]
    data: Mapping[str, str]
    files: Mapping[str, tuple[str, bytes, str]]


def build_client(
    base_url: str,
    *,
    timeout_s: float = 10.0,
    max_connections: int = 10,
    transport: httpx.AsyncBaseTransport | None = None,
) -> HttpClient:
    """A client with every time limit set; it follows no redirects and ignores the environment's proxies."""
    own = transport or HttpTransport(client_context(), max_connections=max_connections)
    return HttpClient(own, timeout_s=timeout_s, base_url=base_url, headers={"Accept-Encoding": ACCEPTED})


def body_of(content: Content) -> bytes | AsyncIterator[bytes]:
    """A request's body, by chunk where it is more than one; give its size as Content-Length."""
    return _chunks(content) if content.size > CHUNK_BYTES else content.read()


async def _chunks(content: Content) -> AsyncIterator[bytes]:
    for chunk in content.chunks():
        yield chunk


async def call(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    max_bytes: int = MAX_RESPONSE_BYTES,
    cut: bool = False,
    auth: httpx.Auth | None = None,
    **options: Unpack[CallOptions],
) -> httpx.Response:
    """One request, answered in full; 2xx, 3xx and 4xx (but 429) are the caller's to judge. `cut`: of more than `max_bytes`, the beginning.

    Raises:
        TransientError: not reachable, no answer in time, answer too large, 429, 5xx; `system_down` if away.
        RejectedError: the request itself can't be written (a line break in a header).
    """
    request = client.build_request(method, url, **options)
    chunks: list[bytes] = []
    response = await _exchange(client, request, auth, chunks.append, max_bytes, cut=cut)
    return _complete(response, b"".join(chunks)[:max_bytes])


@dataclass(slots=True)
class Reply:
    """An answer that was read, as far as most calls need it."""

    status_code: int
    content: bytes

    def json(self) -> JsonValue:
        """What it says."""
        try:
            value: JsonValue = msgspec.json.decode(self.content)
        except msgspec.MsgspecError:
            value = json.loads(self.content)  # which takes more, and takes longer
        return value


async def ask(
    client: HttpClient, url: str, headers: Mapping[str, str], body: bytes | AsyncIterable[bytes] | None = None, *,
    max_bytes: int = MAX_RESPONSE_BYTES,
) -> Reply:  # fmt: skip
    """A POST, or a GET where there is no body, as `call` makes it, at half the cost: for a wire that wants several calls for each message.

    Raises:
        TransientError, RejectedError: as `call`.
    """
    chunks: list[bytes] = []
    status = await _taken(client, url, headers, body, chunks.append, max_bytes)
    return Reply(status, b"".join(chunks))


async def download(
    client: HttpClient, url: str, headers: Mapping[str, str], *, max_bytes: int
) -> tuple[int, Content]:
    """A GET whose answer may be large: its status, and its body, which goes to disk, chunk by chunk, where it is.

    Raises:
        TransientError, RejectedError: as `call`.
    """
    writer = ContentWriter()
    try:
        status = await _taken(client, url, headers, None, writer.write, max_bytes)
    except BaseException:
        writer.discard()
        raise
    return status, writer.finish()


async def _taken(
    client: HttpClient, url: str, headers: Mapping[str, str], body: bytes | AsyncIterable[bytes] | None,
    sink: Callable[[bytes], object], max_bytes: int,
) -> int:  # fmt: skip
    """The status of the answer, whose body went to `sink`; without httpx's objects where nobody keeps a log of them."""
    method, content = ("GET", b"") if body is None else ("POST", body)
    if current_scope() is not None:
        request = client.build_request(method, url, headers=headers, content=content)
        return (await _exchange(client, request, None, sink, max_bytes)).status_code
    try:
        answer = await client.call(method, url, headers, content)
        try:
            await _read(answer, sink, max_bytes)
        finally:
            await answer.aclose()
    except _FAILURES as exc:
        raise _translated(exc, _place(client.build_request(method, url))) from exc
    if _is_trouble(answer.status):
        raise _trouble(answer, _place(client.build_request(method, url)))
    return answer.status


async def _exchange(
    client: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None, sink: Callable[[bytes], object], max_bytes: int, *,
    cut: bool = False,
) -> httpx.Response:  # fmt: skip
    watched = _Watched(request) if current_scope() is not None else None
    try:
        response = await client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT, stream=True)
        answer = HttpxAnswer(response)
        try:
            await _read(answer, watched.reading(response, sink) if watched else sink, max_bytes, cut=cut)
        finally:
            await answer.aclose()
    except _FAILURES as exc:
        raise _translated(exc, _place(request)) from exc
    finally:
        if watched:
            watched.note()
    if _is_trouble(answer.status):
        raise _trouble(answer, _place(request))
    return response


def _translated(exc: Exception, place: str) -> RejectedError | TransientError:
    if isinstance(exc, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return RejectedError(f"{place}: the request can't be written: {exc}", wire_code="request")
    if isinstance(exc, EncodingError):
        return TransientError(f"{place}: the answer can't be decoded: {exc}")
    if isinstance(exc, _TooLargeError):
        return TransientError(f"{place}: {exc}")
    reason = f"{place}: {type(exc).__name__} {exc}".rstrip()
    return TransientError(
        reason, system_down=isinstance(exc, _NO_CONNECTION), unanswered=isinstance(exc, _NO_ANSWER)
    )


def _place(request: httpx.Request) -> str:
    return f"{request.method} {request.url.copy_with(query=None)}"


class _Heard(httpx.AsyncByteStream):
    """A request's body as it leaves, and a copy of its beginning."""

    def __init__(self, stream: AsyncIterable[bytes], copy: Body) -> None:
        self._stream, self._copy = stream, copy

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._copy.add(chunk)
            yield chunk


class _Watched:
    """One exchange for the wire log, while it goes on."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._exchange = Exchange("bus", request.method, str(request.url))
        self._began = time.perf_counter()
        if isinstance(request.stream, httpx.AsyncByteStream):
            request.stream = _Heard(request.stream, self._exchange.body)

    def reading(self, response: httpx.Response, sink: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """`sink`, and a copy."""
        self._exchange.status = response.status_code
        self._exchange.answer_headers = response.headers.multi_items()

        def both(chunk: bytes) -> None:
            self._exchange.answer.add(chunk)
            sink(chunk)

        return both

    def note(self) -> None:
        """To the log, with what went wrong."""
        error = sys.exception()
        self._exchange.headers = self._request.headers.multi_items()
        self._exchange.took_ms = round((time.perf_counter() - self._began) * 1000)
        self._exchange.error = "" if error is None else f"{type(error).__name__}: {error}".rstrip(": ")
        note_exchange(self._exchange)


async def _read(
    answer: Answer, sink: Callable[[bytes], object], max_bytes: int, *, cut: bool = False
) -> None:
    size, unpacker = 0, Unpacker(answer.header(b"content-encoding"))
    # Raw: what httpx unpacks, it unpacks at once, and 64 KB can become 64 MB.
    while chunk := await answer.chunk():
        for piece in unpacker.unpack(chunk):
            size += len(piece)
            if size > max_bytes:
                if cut:
                    sink(piece)
                    return
                raise _TooLargeError(f"the answer is larger than {max_bytes} bytes")
            sink(piece)


def _is_trouble(status: int) -> bool:
    return status == 429 or status >= 500


def _trouble(answer: Answer, place: str) -> TransientError:
    reason, is_away = f"{place}: HTTP {answer.status}", answer.status in _AWAY
    return TransientError(reason, system_down=is_away, retry_after_s=_retry_after(answer))


def _retry_after(answer: Answer) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); its date form is left to the bus's own backoff."""
    try:
        seconds = float(answer.header(b"retry-after"))
    except ValueError:
        return None
    return min(seconds, 3600.0) if math.isfinite(seconds) and seconds >= 0 else None


def _complete(response: httpx.Response, body: bytes) -> httpx.Response:
    # The body is decoded by now, so the headers that describe its encoding would be untrue.
    headers = [pair for pair in response.headers.raw if pair[0].lower() not in _OF_THE_ENCODING]
    if body:
        headers.append((b"Content-Length", b"%d" % len(body)))
    return _Read(response, headers, body)


class _Read(httpx.Response):
    """An answer that was read."""

    def __init__(self, answer: httpx.Response, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        stream = httpx.ByteStream(body)
        super().__init__(answer.status_code, headers=headers, stream=stream, request=answer.request)
        self._content = body
        self.is_closed = self.is_stream_consumed = True


def json_body(value: object) -> bytes:
    """A request's body, as httpx writes JSON, at a fifth of the cost; of what is no number it makes null, and no packet has fractions."""
    return msgspec.json.encode(value)


def json_object(response: httpx.Response | Reply, what: str) -> dict[str, JsonValue]:
    """The answer's JSON object.

    Raises:
        TransientError: no JSON object: a proxy or a half-started system answered instead of the real one.
    """
    try:
        value = response.json()
    except (ValueError, RecursionError) as exc:
        raise TransientError(f"{what}: HTTP {response.status_code}, the answer is not JSON") from exc
    if not isinstance(value, dict):
        raise TransientError(f"{what}: HTTP {response.status_code}, the answer is not a JSON object")
    return value


def setting(settings: AdapterSettings, system: str, key: str, default: str | None = None) -> str:
    """A text of `[systems.<system>]`; without a default it must be there.

    Raises:
        ConfigurationError: missing, empty or no text.
    """
    value = settings.get(key, default)
    if isinstance(value, str) and value.strip():
        return value
    problem = "is missing" if value is None else f"must be a text that is not empty, not {value!r:.60}"
    raise ConfigurationError(f"lgsp.toml: `[systems.{system}].{key}` {problem}")


def url_setting(settings: AdapterSettings, system: str, key: str = "url", default: str | None = None) -> str:
    """An http(s) base URL, without a slash at its end.

    Raises:
        ConfigurationError: missing, or not http(s)://host….
    """
    value = setting(settings, system, key, default)
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        hint = "must be like http://127.0.0.1:8103"
        raise ConfigurationError(f"lgsp.toml: `[systems.{system}].{key}` {hint}, not {value!r:.80}")
    return value.rstrip("/")


def number_setting(settings: AdapterSettings, system: str, key: str, default: float) -> float:
    """A number above zero, such as `timeout_s`.

    Raises:
        ConfigurationError: not a number, or not above zero.
    """
    value = settings.get(key, default)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
        return float(value)
    raise ConfigurationError(
        f"lgsp.toml: `[systems.{system}].{key}` must be a number above 0, not {value!r:.60}"
    )
