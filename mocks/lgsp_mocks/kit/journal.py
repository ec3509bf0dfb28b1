"""Request journal: what came, when, what answered it, and why nothing did; newest last, bounded by count and bytes."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import cast

from pydantic import JsonValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import Clock
from lgsp_mocks.kit.line import Line

__all__ = ["KEEP_BYTES", "Entry", "Journal", "JournalMiddleware", "current_entry", "is_wire"]

KEEP_REQUESTS = 1000
KEEP_BYTES = 4096
"""Of a body."""

KEEP_ALL_BYTES = 4 * 1024 * 1024
_FIXED_BYTES = 400
_SECRET = frozenset({
    "authorization", "cookie", "set-cookie", "x-secretkey", "x-api-key", "lgspaccesstoken", "proxy-authorization",
})  # fmt: skip
Entry = dict[str, JsonValue]
_current: ContextVar[Entry | None] = ContextVar("current_entry", default=None)


def is_wire(path: str) -> bool:
    """Whether a path belongs to the real wire, and not to the kit."""
    return not path.startswith(("/__mock__", "/health", "/metrics"))


def current_entry() -> Entry | None:
    """The journal's entry of the request that is being answered."""
    return _current.get()


class Journal:
    """The last thousand entries, or fewer where they are large. Clients can wait for what they expect."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._numbered = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self.entries: deque[Entry] = deque()
        self.total = 0
        """Requests on the wire since the journal was last emptied."""

    def add(self, entry: Entry) -> None:
        """Write an entry down; the oldest make room."""
        self._numbered += 1
        entry["number"] = self._numbered
        size = _FIXED_BYTES + sum(
            len(str(entry.get(key, ""))) for key in ("body", "answer", "headers", "query", "path")
        )
        self.entries.append(entry)
        self._sizes.append(size)
        self._bytes += size
        self.total += entry["direction"] == "in"
        while len(self.entries) > KEEP_REQUESTS or self._bytes > KEEP_ALL_BYTES:
            self.entries.popleft()
            self._bytes -= self._sizes.popleft()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def clear(self) -> None:
        """Empty it; numbers go on."""
        self.entries.clear()
        self._sizes.clear()
        self._bytes = self.total = 0

    def note_fault(self, fault_id: str, kind: str, where: str) -> None:
        """A fault struck: noted with the request that met it, or as an event of its own."""
        struck: JsonValue = {"id": fault_id, "kind": kind}
        entry = _current.get()
        if entry is not None:
            cast("list[JsonValue]", entry["faults"]).append(struck)
            return
        last = self.entries[-1] if self.entries else None
        if last and last["direction"] == "event" and last["path"] == where and last["faults"] == [struck]:
            # Rounds of the people meet the same again and again: that must not push the requests out.
            last["times"] = int(str(last["times"])) + 1
            return
        self.add({**self.blank("event", "", where), "faults": [struck], "times": 1})

    def blank(self, direction: str, method: str, path: str) -> Entry:
        """A new entry, not yet written down. `direction`: in, out, event."""
        return {
            "number": 0, "direction": direction, "at": self._clock.now().isoformat(), "method": method, "path": path, "query": "",
            "headers": {}, "status": 0, "size": 0, "body": "", "ms": 0.0, "answer": "", "answered_by": "", "expectation": "", "why_not": [],
            "faults": [],
        }  # fmt: skip

    async def wait(self, is_enough: Callable[[], bool], seconds: float) -> bool:
        """Wait, in real time, until enough was written down; whether it was."""
        ends = time.monotonic() + seconds
        while not is_enough():
            left = ends - time.monotonic()
            if left <= 0:
                return False
            written = asyncio.get_running_loop().create_future()
            self._waiting.add(written)
            try:
                await asyncio.wait({written}, timeout=left)
            finally:
                self._waiting.discard(written)
        return True


class JournalMiddleware:
    """Writes each wire request down; bodies to four kilobytes, secrets not at all."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not is_wire(scope["path"]):
            await self._app(scope, receive, send)
            return
        entry = self._journal.blank("in", scope["method"], scope["path"])
        entry |= {"query": scope["query_string"].decode("latin-1"), "headers": _headers(scope)}
        seen, size, answer = bytearray(), 0, bytearray()
        started = time.perf_counter()
        scope["lgsp_mocks.line"] = Line(receive)

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
            answer.extend(message.get("body", b"")[: max(0, KEEP_BYTES - len(answer))])
            await send(message)

        token = _current.set(entry)
        try:
            await self._app(scope, receiving, sending)
        finally:
            _current.reset(token)
            ms = round((time.perf_counter() - started) * 1000, 2)
            texts = {"body": seen.decode(errors="replace"), "answer": answer.decode(errors="replace")}
            entry |= {"size": size, "ms": ms, **texts}
            self._journal.add(entry)


def _headers(scope: Scope) -> dict[str, JsonValue]:
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return {name: "***" if name in _SECRET else value for name, value in pairs}
