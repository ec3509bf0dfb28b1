"""Small, honest implementations of the ports in lgsp.adapter, for tests of adapters."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from lgsp.adapter import MailboxItem, Ports
from lgsp.clock import VIETNAM, Clock, VirtualClock
from lgsp.errors import BackpressureError, InvalidMessageError, NotFoundError
from lgsp.message import Message
from lgsp.model.attachment import BlobRef

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)


class FakeIntake:
    """Accepts, unless told otherwise, and is idempotent by (source, id) as the bus is.

    `full_for` refuses that many calls with BackpressureError; `invalid` is raised for every message.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refused: list[tuple[bytes, InvalidMessageError, str]] = []
        self.calls = 0
        self.full_for = 0
        self.invalid: InvalidMessageError | None = None
        self._seen: set[tuple[str, str]] = set()

    async def accept(self, message: Message) -> bool:
        self.calls += 1
        if self.full_for > 0:
            self.full_for -= 1
            raise BackpressureError("full", retry_after_s=2.0)
        if self.invalid is not None:
            raise self.invalid
        key = (message.source, message.id)
        if key in self._seen:
            return False
        self._seen.add(key)
        # Through JSON and back, so that nothing passes that the bus could not carry.
        self.messages.append(Message.from_json(message.to_json()))
        return True

    async def refuse(self, raw: bytes, error: InvalidMessageError, *, reference: str) -> None:
        self.refused.append((raw, error, reference))


class MemoryBlobs:
    """BlobStore in a dict; chunks of `chunk_bytes`."""

    def __init__(self, chunk_bytes: int = 64 * 1024) -> None:
        self.contents: dict[str, bytes] = {}
        self._chunk_bytes = chunk_bytes

    async def put(self, content: AsyncIterator[bytes] | bytes) -> BlobRef:
        raw = content if isinstance(content, bytes) else b"".join([chunk async for chunk in content])
        digest = hashlib.sha256(raw).hexdigest()
        self.contents[digest] = raw
        return BlobRef(sha256=digest, size=len(raw))

    async def open(self, ref: BlobRef) -> AsyncIterator[bytes]:
        if ref.sha256 not in self.contents:
            raise NotFoundError(f"no blob {ref.sha256}")
        raw = self.contents[ref.sha256]
        for start in range(0, len(raw), self._chunk_bytes):
            yield raw[start : start + self._chunk_bytes]


class MemoryMailbox:
    """Mailbox in a dict, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self.items: dict[str, tuple[MailboxItem, BlobRef | bytes]] = {}
        self._clock = clock

    async def put(self, item: MailboxItem, content: BlobRef | bytes) -> bool:
        if item.id in self.items:
            return False
        self.items[item.id] = (item, content)
        return True

    async def waiting(self, kind: str, *, limit: int = 200) -> Sequence[MailboxItem]:
        found = [
            item
            for item, _ in self.items.values()
            if item.kind == kind and item.state not in {"done", "fail"}
        ]
        return sorted(found, key=lambda item: item.created_ms)[:limit]

    async def find(self, item_id: str) -> MailboxItem:
        return (await self.get(item_id))[0]

    async def get(self, item_id: str) -> tuple[MailboxItem, BlobRef | bytes]:
        try:
            return self.items[item_id]
        except KeyError as exc:
            raise NotFoundError(f"no item {item_id}") from exc

    async def mark(self, item_id: str, state: str, note: str = "") -> None:
        item, content = await self.get(item_id)
        now_ms = int(self._clock.now().timestamp() * 1000)
        self.items[item_id] = (
            dataclasses.replace(item, state=state, note=note, updated_ms=now_ms),
            content,
        )


def make_ports(system: str, clock: Clock | None = None, *, blobs: MemoryBlobs | None = None) -> Ports:
    """Ports over fresh fakes; the clock stands at START unless one is given."""
    chosen = clock or VirtualClock(START)
    return Ports(
        system=system,
        clock=chosen,
        blobs=blobs or MemoryBlobs(),
        mailbox=MemoryMailbox(chosen),
        inbox=NoInbox(),
        secret=lambda name: "ab" * 32,
    )


class NoInbox:
    """For adapters that call their system; whatever is asked of it is a mistake."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody should ask the inbox for {name}")
