"""HTTP as every adapter uses it: time limits, bounded answers, errors translated once; and settings."""

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from typing import TypedDict, Unpack

import httpx
from pydantic import JsonValue

from lgsp.adapter import AdapterSettings
from lgsp.errors import ConfigurationError, RejectedError, TransientError
from lgsp.http_client import HttpClient, HttpTransport
from lgsp.standards.content import CHUNK_BYTES, Content, ContentWriter
from lgsp.standards.encoded import ACCEPTED, EncodingError, Unpacker
from lgsp.standards.tls import client_context
from lgsp.wirelog import Body, Exchange
from lgsp.wirelog import current as current_scope
from lgsp.wirelog import note as note_exchange

__all__ = [
    "MAX_RESPONSE_BYTES",
    "CallOptions",
    "Session",
    "body_of",
    "build_client",
    "call",
    "download",
    "json_object",
    "number_setting",
    "setting",
    "url_setting",
]

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""Default bound of an answer's decoded body; a caller that fetches documents gives its own."""

_AWAY = frozenset({502, 503, 504})
_LOGINS = 3
_OF_THE_ENCODING = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
# The call was made: whether the message or the system is to blame is not known. A full pool (PoolTimeout) is our own doing.
_NO_ANSWER = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.NetworkError, httpx.RemoteProtocolError)


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
) -> httpx.AsyncClient:
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


async def download(
    client: httpx.AsyncClient, method: str, url: str, *, max_bytes: int, headers: Mapping[str, str]
) -> tuple[httpx.Response, Content]:
    """One request whose answer may be large: its body goes to disk, chunk by chunk, and is not in the response.

    Raises:
        TransientError, RejectedError: as `call`.
    """
    writer = ContentWriter()
    try:
        request = client.build_request(method, url, headers=headers)
        response = await _exchange(client, request, None, writer.write, max_bytes)
    except BaseException:
        writer.discard()
        raise
    return _complete(response, b""), writer.finish()


async def _exchange(
    client: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None, sink: Callable[[bytes], object], max_bytes: int, *,
    cut: bool = False,
) -> httpx.Response:  # fmt: skip
    watched = _Watched(request) if current_scope() is not None else None
    try:
        response = await client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT, stream=True)
        try:
            reader = watched.reading(response, sink) if watched else sink
            await _read(response, reader, max_bytes, cut=cut)
        finally:
            await _stream(response).aclose()
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as exc:
        raise RejectedError(
            f"{_place(request)}: the request can't be written: {exc}", wire_code="request"
        ) from exc
    except httpx.TransportError as exc:
        reason = f"{_place(request)}: {type(exc).__name__} {exc}".rstrip()
        raise TransientError(
            reason, system_down=isinstance(exc, _NO_CONNECTION), unanswered=isinstance(exc, _NO_ANSWER)
        ) from exc
    except EncodingError as exc:
        raise TransientError(f"{_place(request)}: the answer can't be decoded: {exc}") from exc
    finally:
        if watched:
            watched.note()
    _check_status(response)
    return response


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
    response: httpx.Response, sink: Callable[[bytes], object], max_bytes: int, *, cut: bool
) -> None:
    size, unpacker = 0, Unpacker(response.headers.get("content-encoding", ""))
    # Raw: what httpx unpacks, it unpacks at once, and 64 KB can become 64 MB.
    async for chunk in _stream(response):
        for piece in unpacker.unpack(chunk):
            size += len(piece)
            if size > max_bytes:
                if cut:
                    sink(piece)
                    return
                raise TransientError(
                    f"{_place(response.request)}: the answer is larger than {max_bytes} bytes"
                )
            sink(piece)


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError(f"{type(response.stream).__name__} can't be read by an event loop")
    return response.stream


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status != 429 and status < 500:
        return
    raise TransientError(
        f"{_place(response.request)}: HTTP {status}",
        system_down=status in _AWAY,
        retry_after_s=_retry_after(response),
    )


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); its date form is left to the bus's own backoff."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
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


def json_object(response: httpx.Response, what: str) -> dict[str, JsonValue]:
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


class Session:
    """A login that is kept until the system refuses it; one login at a time."""

    def __init__(
        self,
        log_in: Callable[[], Awaitable[str]],
        refused: Callable[[httpx.Response], bool] = lambda response: response.status_code == 401,
    ) -> None:
        self._log_in = log_in
        self._refused = refused
        self._token: str | None = None
        self._lock = asyncio.Lock()

    async def run(self, attempt: Callable[[str], Awaitable[httpx.Response]]) -> httpx.Response:
        """`attempt(token)`, again with a new token where the last was refused.

        Raises:
            TransientError: it refuses even those that it has just given.
        """
        token = await self._current(None)
        response = await attempt(token)
        for _ in range(_LOGINS):
            if not self._refused(response):
                return response
            token = await self._current(token)
            response = await attempt(token)
        if self._refused(response):
            # That is no message's fault, and would be the same for each.
            reason = f"HTTP {response.status_code}: a session that has just begun is refused"
            raise TransientError(reason, system_down=True)
        return response

    async def _current(self, refused_token: str | None) -> str:
        async with self._lock:
            if self._token is None or self._token == refused_token:
                self._token = None
                self._token = await self._log_in()
            return self._token


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
