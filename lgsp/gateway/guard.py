"""The gateway has no accounts on a laptop, so it must not do what somebody else's web page asks of it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp.gateway.problems import Problem

__all__ = ["Guard"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ASKED = frozenset({b"host", b"sec-fetch-site", b"origin"})
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
            said = {name: value for name, value in reversed(scope["headers"]) if name in _ASKED}
            host = said.get(b"host", b"").decode("latin-1")
            if self._local_only and not _is_local(host):
                detail = f"this gateway serves this machine only, and not the name {host[:100]!r}; call it 127.0.0.1"
                answer = Problem(421, "Misdirected Request", "Tên máy chủ không đúng", detail)
                await answer.response()(scope, receive, send)
                return
            if scope["method"] not in _SAFE and _is_foreign(said, host):
                detail = "a page of another origin asked for a change; only the console's own pages may"
                answer = Problem(403, "Forbidden", "Không được phép", detail)
                await answer.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


@lru_cache(maxsize=256)
def _is_local(host: str) -> bool:
    name = re.sub(r":\d+$", "", host).rstrip(".").lower()
    return "." not in name or name.endswith(".localhost") or _ADDRESS.fullmatch(name) is not None


def _is_foreign(said: Mapping[bytes, bytes], host: str) -> bool:
    site = said.get(b"sec-fetch-site")
    if site is not None:
        return site not in {b"same-origin", b"none"}
    origin = said.get(b"origin")
    return origin is not None and urlsplit(origin.decode("latin-1")).netloc != host
