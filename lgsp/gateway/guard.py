"""The gateway has no accounts on a laptop, so it must not do what somebody else's web page asks of it."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp.gateway.problems import Problem

__all__ = ["Guard"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ADDRESS = re.compile(r"\[[0-9a-fA-F:.]+\]|\d{1,3}(\.\d{1,3}){3}")


class Guard:
    """ASGI middleware: refuses changes that a page of another origin asks for, and, with `local_only`, foreign host names.

    A browser says where a request comes from (Sec-Fetch-Site, else Origin); a client that is no browser says neither and passes.
    DNS rebinding needs a registered name, so addresses and names without a dot (localhost, a container's) are let in.
    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host = headers.get("host", "")
            if self._local_only and not _is_local(host):
                detail = f"this gateway serves this machine only, and not the name {host[:100]!r}; call it 127.0.0.1"
                answer = Problem(421, "Misdirected Request", "Tên máy chủ không đúng", detail)
                await answer.response()(scope, receive, send)
                return
            if scope["method"] not in _SAFE and _is_foreign(headers, host):
                detail = "a page of another origin asked for a change; only the console's own pages may"
                answer = Problem(403, "Forbidden", "Không được phép", detail)
                await answer.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_local(host: str) -> bool:
    name = re.sub(r":\d+$", "", host).rstrip(".").lower()
    return "." not in name or name.endswith(".localhost") or _ADDRESS.fullmatch(name) is not None


def _is_foreign(headers: Headers, host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != host
