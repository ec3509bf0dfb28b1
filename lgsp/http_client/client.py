"""What httpx sees: a transport, and a client that goes straight to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping

import httpcore
import httpx

from lgsp.http_client.connection import Pool

__all__ = ["HttpClient", "HttpTransport"]

_FOREIGN = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol,
)  # fmt: skip


class HttpTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=…)`. Without a context, for plain HTTP only."""

    def __init__(self, context: ssl.SSLContext | None = None, *, max_connections: int) -> None:
        self._pool = Pool(context, max_connections)
        # The pool looks at each of its connections for each call that waits in it, whenever one comes or goes; so they wait here.
        self._free = asyncio.Semaphore(max_connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call; the body is read by whoever takes the answer.

        Raises:
            httpx.TransportError: as httpx says it.
        """
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        await self._turn(request.extensions.get("timeout", {}).get("pool"))
        try:
            answer = await self._pool.handle_async_request(asked)
        except _FOREIGN as exc:
            self._free.release()
            raise _translated(exc) from exc
        except BaseException:
            self._free.release()
            raise
        stream = _Stream(answer, self._free.release)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions
        )

    async def _turn(self, timeout_s: float | None) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.acquire()
        except TimeoutError as exc:
            raise httpx.PoolTimeout(f"no connection was free within {timeout_s} s") from exc

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


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

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: object = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: object = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """As httpx's; with credentials, which may take more than one call, it is httpx's."""
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


def _translated(error: Exception) -> Exception:
    """Both libraries have the same names."""
    found: type[Exception] = getattr(httpx, type(error).__name__)
    return found(str(error))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, ended: Callable[[], None]) -> None:
        self._answer = answer
        self._ended = ended
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                yield chunk
        except _FOREIGN as exc:
            raise _translated(exc) from exc

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._answer.aclose()
        finally:
            self._ended()
