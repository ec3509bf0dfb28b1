"""A reverse proxy on this machine that goes to one service, and keeps what was said until the recording is saved."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lgsp.errors import ConfigurationError
from lgsp.recording.cleaning import RawExchange, RawMessage
from lgsp.recording.wrappings import gunzip

__all__ = ["RecordingProxy", "Upstream"]

MOST_BODY_BYTES = 20 * 1024 * 1024
MOST_KEPT_BYTES = 100 * 1024 * 1024
TIMEOUT_S = 60.0
_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "expect", "accept-encoding",
})  # fmt: skip
_NOT_HANDED_BACK = _HOP_BY_HOP | {"content-encoding", "date", "server"}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Upstream:
    """The one service that a recording may reach."""

    scheme: str
    host: str
    port: int
    base: str

    @classmethod
    def of(cls, url: str) -> "Upstream":
        """From its URL.

        Raises:
            ConfigurationError: not an http(s) address, or with a password in it.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as exc:
            raise ConfigurationError(f"{url}: no address ({exc})") from exc
        if (
            parts.scheme not in {"http", "https"}
            or not host
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise ConfigurationError(
                f"{url}: give http://host[:port][/path] or https://…, without account and query"
            )
        return cls(
            parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def is_home_of(self, location: str) -> bool:
        """Whether a redirect stays there."""
        try:
            parts = urlsplit(location)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return False
        if not parts.scheme and not parts.netloc:
            return True
        return (parts.scheme or self.scheme, parts.hostname, port) == (self.scheme, self.host, self.port)


class RecordingProxy:
    """ASGI. Bodies to 20 MiB, a hundred of them in all; what passes that is forwarded no more."""

    def __init__(self, upstream: Upstream, http: httpx.AsyncClient) -> None:
        """`http` must not follow redirects, nor use proxies of the environment."""
        self._upstream = upstream
        self._http = http
        self._kept = 0
        self.exchanges: list[RawExchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        # A page in a browser must not reach the service through a name that resolves to this machine.
        if (request.url.hostname or "") not in _LOOPBACK:
            return _problem(421, "the recording proxy answers on this machine's own address only")
        if self._kept > MOST_KEPT_BYTES:
            return _problem(
                507, f"{MOST_KEPT_BYTES} bytes are recorded; save this recording and begin another one"
            )
        body = await _read(request)
        if body is None:
            return _problem(413, f"larger than {MOST_BODY_BYTES} bytes")
        try:
            return await self._recorded(request, body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as exc:
            return _problem(502, f"{self._upstream.url}: {type(exc).__name__}")

    async def _recorded(self, request: Request, body: bytes) -> Response:
        started = time.perf_counter()
        async with asyncio.timeout(TIMEOUT_S):
            answer, content = await self._forward(request, body)
        if content is None:
            return _problem(502, f"the answer is larger than {MOST_BODY_BYTES} bytes")
        location = answer.headers.get("location")
        if location is not None and not self._upstream.is_home_of(location):
            return _problem(502, f"{self._upstream.url} redirects to another host, which is not on the list")
        ms = round((time.perf_counter() - started) * 1000, 1)
        self._keep(request, body, answer, content, ms)
        return Response(content, answer.status_code, self._headers_back(answer.headers, request))

    async def _forward(self, request: Request, body: bytes) -> tuple[httpx.Response, bytes | None]:
        raw_path = request.scope.get("raw_path") or request.url.path.encode()
        path = bytes(raw_path).partition(b"?")[0].decode("latin-1")
        target = f"{self._upstream.url}{self._upstream.base}/{path.lstrip('/')}"
        query = request.scope["query_string"].decode("latin-1")
        headers = [
            (name, value) for name, value in request.headers.raw if name.decode("latin-1") not in _HOP_BY_HOP
        ]
        url = httpx.URL(f"{target}?{query}" if query else target)
        built = self._http.build_request(request.method, url, headers=headers, content=body)
        answer = await self._http.send(built, stream=True, follow_redirects=False)
        content = bytearray()
        try:
            async for chunk in answer.aiter_bytes():
                content.extend(chunk)
                if len(content) > MOST_BODY_BYTES:
                    return answer, None
        finally:
            await answer.aclose()
        return answer, bytes(content)

    def _keep(self, request: Request, body: bytes, answer: httpx.Response, content: bytes, ms: float) -> None:
        self._kept += len(body) + len(content)
        readable = _unpacked(body, request.headers.get("content-encoding", ""))
        asked = RawMessage(
            request.headers.items(), readable, request.method, request.scope["path"], request.scope["query_string"].decode("latin-1")
        )  # fmt: skip
        answered = RawMessage(list(answer.headers.multi_items()), content, status=answer.status_code)
        self.exchanges.append(RawExchange(asked, answered, ms))

    def _headers_back(self, headers: Mapping[str, str], request: Request) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name.lower() not in _NOT_HANDED_BACK}
        location = kept.get("location")
        if location is not None and urlsplit(location).netloc:
            parts = urlsplit(location)
            path = parts.path.removeprefix(self._upstream.base) or "/"
            kept["location"] = f"{request.url.scheme}://{request.url.netloc}{path}" + (
                f"?{parts.query}" if parts.query else ""
            )
        return kept


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body.extend(chunk)
        if len(body) > MOST_BODY_BYTES:
            return None
    return bytes(body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """A compressed body as text; what can't be unpacked is no text, and is left out later."""
    return (gunzip(body) or body) if encoding == "gzip" else body


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"status": status, "detail": detail}, status, media_type="application/problem+json")


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
