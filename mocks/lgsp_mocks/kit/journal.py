"""Request journal: what came, when, what answered it, and why nothing did; newest last, bounded by count and bytes."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import cast

from pydantic import JsonValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import Clock

__all__ = ["KEEP_BYTES", "Entry", "Journal", "JournalMiddleware", "Visit", "current_visit", "is_wire"]

KEEP_REQUESTS = 1000
KEEP_BYTES = 4096
"""Of a body."""

KEEP_ALL_BYTES = 4 * 1024 * 1024
_FIXED_BYTES = 400
_SECRET = frozenset({
    b"authorization", b"cookie", b"set-cookie", b"x-secretkey", b"x-api-key", b"lgspaccesstoken", b"proxy-authorization",
})  # fmt: skip
Entry = dict[str, JsonValue]


def is_wire(path: str) -> bool:
    """Whether a path belongs to the real wire, and not to the kit."""
    return not path.startswith(("/__mock__", "/health", "/metrics"))


@dataclass(slots=True)
class Visit:
    """A request as it is being answered: written down in bytes, read only where somebody looks."""

    at: datetime
    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    number: int = 0
    status: int = 0
    size: int = 0
    body: bytes = b""
    ms: float = 0.0
    answer: bytes = b""
    answered_by: str = ""
    expectation: str = ""
    why_not: list[JsonValue] = field(default_factory=list)
    faults: list[JsonValue] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Bytes that it holds, about."""
        parts = len(self.body) + len(self.answer) + len(self.query) + len(self.path)
        return _FIXED_BYTES + parts + sum(map(len, chain.from_iterable(self.headers)))

    def entry(self) -> Entry:
        """As the journal tells it."""
        shown = ((name, b"***" if name in _SECRET else value) for name, value in self.headers)
        pairs = {name.decode("latin-1"): value.decode("latin-1") for name, value in shown}
        return {
            **_blank(self.at, "in", self.method, self.path), "number": self.number, "query": self.query.decode("latin-1"),
            "headers": cast("dict[str, JsonValue]", pairs), "status": self.status, "size": self.size,
            "body": self.body.decode(errors="replace"), "ms": self.ms, "answer": self.answer.decode(errors="replace"),
            "answered_by": self.answered_by, "expectation": self.expectation, "why_not": self.why_not, "faults": self.faults,
        }  # fmt: skip


_current: ContextVar[Visit | None] = ContextVar("current_visit", default=None)


def current_visit() -> Visit | None:
    """The request that is being answered."""
    return _current.get()


def _blank(at: datetime, direction: str, method: str, path: str) -> Entry:
    return {
        "number": 0, "direction": direction, "at": at.isoformat(), "method": method, "path": path, "query": "",
        "headers": {}, "status": 0, "size": 0, "body": "", "ms": 0.0, "answer": "", "answered_by": "", "expectation": "", "why_not": [],
        "faults": [],
    }  # fmt: skip


class Journal:
    """The last thousand entries, or fewer where they are large. Clients can wait for what they expect."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Entry | Visit] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._numbered = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self.total = 0
        """Requests on the wire since the journal was last emptied."""

    @property
    def entries(self) -> list[Entry]:
        """Those that are kept, newest last."""
        found = [one.entry() if isinstance(one, Visit) else one for one in self._kept]
        self._kept = deque(found)
        return found

    def add(self, entry: Entry) -> None:
        """Write an entry down; the oldest make room."""
        size = _FIXED_BYTES + sum(
            len(str(entry.get(key, ""))) for key in ("body", "answer", "headers", "query", "path")
        )
        entry["number"] = self._numbered + 1
        self.total += entry["direction"] == "in"
        self._keep(entry, size)

    def came(self, visit: Visit) -> None:
        """Write a request down that was answered."""
        visit.number = self._numbered + 1
        self.total += 1
        self._keep(visit, visit.weight)

    def _keep(self, one: Entry | Visit, size: int) -> None:
        self._numbered += 1
        self._kept.append(one)
        self._sizes.append(size)
        self._bytes += size
        while len(self._kept) > KEEP_REQUESTS or self._bytes > KEEP_ALL_BYTES:
            self._kept.popleft()
            self._bytes -= self._sizes.popleft()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def clear(self) -> None:
        """Empty it; numbers go on."""
        self._kept.clear()
        self._sizes.clear()
        self._bytes = self.total = 0

    def note_fault(self, fault_id: str, kind: str, where: str) -> None:
        """A fault struck: noted with the request that met it, or as an event of its own."""
        struck: JsonValue = {"id": fault_id, "kind": kind}
        visit = _current.get()
        if visit is not None:
            visit.faults.append(struck)
            return
        last = self._kept[-1] if self._kept else None
        if (
            isinstance(last, dict)
            and last["direction"] == "event"
            and last["path"] == where
            and last["faults"] == [struck]
        ):
            # Rounds of the people meet the same again and again: that must not push the requests out.
            last["times"] = int(str(last["times"])) + 1
            return
        self.add({**self.blank("event", "", where), "faults": [struck], "times": 1})

    def blank(self, direction: str, method: str, path: str) -> Entry:
        """A new entry, not yet written down. `direction`: in, out, event."""
        return _blank(self._clock.now(), direction, method, path)

    def visit(self, scope: Scope) -> Visit:
        """A request that has come."""
        return Visit(
            self._clock.now(), scope["method"], scope["path"], scope["query_string"], scope["headers"]
        )

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
    """Writes each wire request down; bodies to four kilobytes, secrets are not told. `beside` has what is not of the wire."""

    def __init__(self, app: ASGIApp, beside: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._beside = beside
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not is_wire(scope["path"]):
            await self._beside(scope, receive, send)
            return
        visit = self._journal.visit(scope)
        started = time.perf_counter()
        scope["lgsp_mocks.receive"] = receive

        async def receiving() -> Message:
            message = await receive()
            if chunk := message.get("body"):
                visit.size += len(chunk)
                visit.body = _more(visit.body, chunk)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
            else:
                visit.answer = _more(visit.answer, message.get("body", b""))
            await send(message)

        token = _current.set(visit)
        try:
            await self._app(scope, receiving, sending)
        finally:
            _current.reset(token)
            # It holds the scope in its turn: each call would wait for the collector of cycles.
            del scope["lgsp_mocks.receive"]
            visit.ms = round((time.perf_counter() - started) * 1000, 2)
            self._journal.came(visit)


def _more(seen: bytes, chunk: bytes) -> bytes:
    return seen + chunk[: KEEP_BYTES - len(seen)] if len(seen) < KEEP_BYTES else seen
