"""Request journal: what came in on the wire and what was answered, newest last, bounded."""

import time
from collections import deque
from dataclasses import dataclass, field

from pydantic import JsonValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import Clock

__all__ = ["Journal", "JournalMiddleware", "is_wire"]

KEEP_REQUESTS = 1000
KEEP_BYTES = 4096
_SECRET = frozenset({"authorization", "cookie", "x-secretkey", "lgspaccesstoken"})


def is_wire(path: str) -> bool:
    """Whether a path belongs to the real wire, and not to the kit."""
    return not path.startswith(("/__mock__", "/health", "/metrics"))


@dataclass
class Journal:
    """The last thousand requests."""

    entries: deque[dict[str, JsonValue]] = field(default_factory=lambda: deque(maxlen=KEEP_REQUESTS))
    total: int = 0


class JournalMiddleware:
    """Writes each wire request down; bodies to four kilobytes, secrets not at all."""

    def __init__(self, app: ASGIApp, journal: Journal, clock: Clock) -> None:
        self._app = app
        self._journal = journal
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not is_wire(scope["path"]):
            await self._app(scope, receive, send)
            return
        entry: dict[str, JsonValue] = {
            "at": self._clock.now().isoformat(), "method": scope["method"], "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"), "headers": _headers(scope), "status": 0,
        }  # fmt: skip
        seen, size = bytearray(), 0
        started = time.perf_counter()

        async def receiving() -> Message:
            nonlocal size
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            seen.extend(chunk[: max(0, KEEP_BYTES - len(seen))])
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            entry |= {
                "size": size,
                "body": seen.decode(errors="replace"),
                "ms": round((time.perf_counter() - started) * 1000, 2),
            }
            self._journal.entries.append(entry)
            self._journal.total += 1


def _headers(scope: Scope) -> dict[str, JsonValue]:
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return {name: "***" if name in _SECRET else value for name, value in pairs}
