"""What httpx sees: a transport, and a client that goes straight to it."""

import json
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import TypedDict, cast

import httpcore
import httpx

from lgsp.http_client.call import Answer, Call, Direct, HttpxAnswer, Origin, head_of, origin_of, pairs_of
from lgsp.http_client.connection import Pool
from lgsp.http_client.line import Line

__all__ = ["HttpClient", "HttpTransport"]

_EXTENSIONS = {"http_version": b"HTTP/1.1"}
_URLS_KEPT = 500
_KINDS: dict[str, type] = {"headers": dict, "params": dict, "json": object, "content": bytes}
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_UNPATCHED = httpcore.AsyncConnectionPool.handle_async_request


class _Plain(TypedDict, total=False):
    headers: dict[str, str]
    params: dict[str, str | int]
    json: object
    content: bytes


class HttpTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=…)`. Without a context, for plain HTTP only."""

    def __init__(self, context: ssl.SSLContext | None = None, *, max_connections: int) -> None:
        self._pool = Pool(context, max_connections)
        self._context = context
        self._patched: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call; the body is read by whoever takes the answer.

        Raises:
            httpx.TransportError: as httpx says it.
        """
        if httpcore.AsyncConnectionPool.handle_async_request is not _UNPATCHED:
            return await self._on_patched(request)
        line = await self._pool.begin(Call.of(request))
        stream = _LineAnswer(self._pool, line)
        return httpx.Response(line.status, headers=line.headers, stream=stream, extensions=_EXTENSIONS)

    async def call(self, call: Call) -> Answer:
        """`Direct`'s."""
        if httpcore.AsyncConnectionPool.handle_async_request is not _UNPATCHED:
            return HttpxAnswer(await self._on_patched(call.request()))
        return _LineAnswer(self._pool, await self._pool.begin(call))

    async def _on_patched(self, request: httpx.Request) -> httpx.Response:
        """Somebody (respx) stands in for the network where httpx has its connections."""
        if self._patched is None:
            self._patched = httpx.AsyncHTTPTransport(verify=self._context or ssl.create_default_context())
        return await self._patched.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        self._pool.close()
        if self._patched is not None:
            await self._patched.aclose()


class HttpClient(httpx.AsyncClient):
    """An httpx client for machines: no cookies, no redirects, no hooks; its calls go straight to the transport, 50 µs sooner."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        timeout_s: float,
        base_url: httpx.URL | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            transport=transport, timeout=timeout_s, base_url=base_url, headers=headers, trust_env=False
        )
        self._urls: dict[str, tuple[httpx.URL, Origin]] = {}
        self._given: list[tuple[bytes, bytes]] = []
        self._defaults: list[tuple[str, bytes]] = []
        """Of every call, by their names in small letters."""

        self._direct = transport if isinstance(transport, Direct) else None

    def build_request(self, method: str, url: httpx.URL | str, **options: object) -> httpx.Request:
        """As httpx's, at a tenth of the cost where URL, headers and body are plain: URLs are remembered, and headers written once."""
        given = {
            name: value
            for name, value in options.items()
            if value is not None and value is not httpx.USE_CLIENT_DEFAULT
        }
        if not isinstance(url, str) or self.params or not _is_plain(url, given):
            # httpx has no public names for these types.
            return super().build_request(method, url, **options)  # type: ignore[arg-type]
        plain = cast("_Plain", given)
        content, params = plain.get("content", b""), plain.get("params")
        if "json" in plain:
            content = _json(plain["json"])
        target, origin = self._merged(f"{url}?{httpx.QueryParams(params)}" if params else url)
        fields = self._fields(method, origin, plain.get("headers", {}), content, is_json="json" in plain)
        raw = pairs_of(fields)
        stream, limits = httpx.ByteStream(content), {"timeout": self.timeout.as_dict()}
        request = httpx.Request(method, target, headers=raw, stream=stream, extensions=limits)
        request.read()
        return request

    def _fields(
        self,
        method: str,
        origin: Origin,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        is_json: bool = False,
    ) -> list[bytes]:
        """The header fields as they travel. Of a body that is None, `headers` say how it is framed."""
        own = {name.lower() for name in headers}
        fields = [b"Host: " + origin[1]] if "host" not in own else []
        given = self.headers.raw
        if given != self._given:
            self._given = given
            self._defaults = [(pair[0].decode("ascii").lower(), b"%b: %b" % pair) for pair in given]
        fields += [field for name, field in self._defaults if name not in own]
        fields += [f"{name}: {value}".encode("ascii") for name, value in headers.items()]
        if is_json and "content-type" not in own:
            fields.append(b"Content-Type: application/json")
        if body is not None and (body or method.upper() in _WITH_BODY) and own.isdisjoint(_FRAMING):
            fields.append(b"Content-Length: %d" % len(body))
        return fields

    def _merged(self, url: str) -> tuple[httpx.URL, Origin]:
        found = self._urls.get(url)
        if found is None:
            if len(self._urls) >= _URLS_KEPT:
                self._urls.clear()
            merged = self._merge_url(url)
            found = self._urls[url] = merged, origin_of(merged)
        return found

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterable[bytes] = b"",
    ) -> Answer:
        """A call without httpx's objects, at half the cost; of a body by chunk, the headers say how it is framed.

        Raises:
            httpx.TransportError: as httpx says it.
        """
        target, origin = self._merged(url)
        fields = self._fields(method, origin, headers, body if isinstance(body, bytes) else None)
        head = head_of(method, target, fields)
        return await self.pass_on(Call(method, target, origin, head, body, self.timeout.as_dict()))

    async def pass_on(self, call: Call) -> Answer:
        """A call that is complete."""
        if self._direct is not None:
            return await self._direct.call(call)
        return HttpxAnswer(await self.send(call.request(), stream=True))

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: object = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: object = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """As httpx's; with credentials that may take more than one call it is httpx's."""
        if isinstance(auth, httpx.BasicAuth):
            request, auth = next(auth.auth_flow(request)), httpx.USE_CLIENT_DEFAULT
        if auth is not httpx.USE_CLIENT_DEFAULT or request.url.userinfo or self.is_closed:
            # httpx has no public names for these types.
            options = {"auth": auth, "follow_redirects": follow_redirects}
            return await super().send(request, stream=stream, **options)  # type: ignore[arg-type]
        response = await self._transport.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
            await response.aclose()
        return response


def _is_plain(url: str, options: Mapping[str, object]) -> bool:
    is_known = all(isinstance(value, _KINDS.get(name, ())) for name, value in options.items())
    return is_known and not ("params" in options and "?" in url)


def _json(value: object) -> bytes:
    """As httpx writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class _LineAnswer(httpx.AsyncByteStream):
    """An answer on a line of ours, for both ways of calling."""

    def __init__(self, pool: Pool, line: Line) -> None:
        self._pool = pool
        self._line = line
        self._is_closed = False
        self.status = line.status

    def header(self, name: bytes) -> str:
        named = [value for given, value in self._line.headers if given.lower() == name]
        return b", ".join(named).decode("latin-1")

    async def chunk(self) -> bytes:
        return b"" if self._is_closed else await self._line.chunk()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.chunk():
            yield chunk

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._pool.end(self._line)
