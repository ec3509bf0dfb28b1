"""WireLog: takes scopes without waiting, cleans and writes them beside the loop, keeps a bounded ring."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from lgsp.clock import Clock
from lgsp.errors import ChannelUnavailableError, ConfigurationError
from lgsp.wirelog.clean import clean_body, clean_headers, clean_url
from lgsp.wirelog.exchange import Exchange
from lgsp.wirelog.scope import Scope, reference_key
from lgsp.wirelog.store import Row, StoredExchange, WireFile

__all__ = ["WireLog"]

log = structlog.get_logger()

MOST = 20_000
MOST_BYTES = 256 * 1024 * 1024
QUEUE_BYTES = 32 * 1024 * 1024
_BATCH = 64
_BATCH_S = 0.05
_TRIM_EVERY = 500


class WireLog:
    """What was exchanged for each message. Losing it loses no message: what does not fit into its queue is dropped."""

    def __init__(self, file: WireFile, clock: Clock, *, most: int, most_bytes: int) -> None:
        self._file = file
        self._clock = clock
        self._most, self._most_bytes = most, most_bytes
        self._waiting: deque[tuple[Scope, int]] = deque()
        self._waiting_bytes = 0
        self._came = asyncio.Event()
        self._written = 0
        self.dropped = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, file: Path, clock: Clock, *, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> AsyncIterator["WireLog"]:
        """The log in that file, while the block runs; what was taken by its end is written.

        Raises:
            ConfigurationError: the file can't be opened.
        """
        try:
            opened = await asyncio.to_thread(WireFile, file)
        except (sqlite3.Error, OSError) as exc:
            raise ConfigurationError(
                f"the wire log {file} can't be opened: {exc}; move it away, or set wire_log = false"
            ) from exc
        wire = cls(opened, clock, most=most, most_bytes=most_bytes)
        writer = asyncio.create_task(wire._write_on(), name="wire-log")
        try:
            yield wire
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            while wire._waiting:
                await wire._write_some()
            opened.close()

    def now_ms(self) -> int:
        """The bus's time."""
        return int(self._clock.now().timestamp() * 1000)

    def take(self, scope: Scope) -> None:
        """Write it soon, unless too much is waiting already."""
        size = sum(len(one.body.kept) + len(one.answer.kept) for one in scope.exchanges)
        if self._waiting_bytes + size > QUEUE_BYTES:
            self.dropped += 1
            return
        self._waiting.append((scope, size))
        self._waiting_bytes += size
        self._came.set()

    async def find(
        self, message_id: str, receipts: Sequence[tuple[str, str]] = (), *, limit: int = 100
    ) -> list[StoredExchange]:
        """The newest exchanges about a message; `receipts` are (system, reference) of its deliveries."""
        keys = [message_id, *(reference_key(system, reference) for system, reference in receipts)]
        try:
            return await asyncio.to_thread(self._file.find, keys, limit)
        except (sqlite3.Error, OSError) as exc:
            raise ChannelUnavailableError(f"the wire log does not answer: {exc}") from exc

    async def _write_on(self) -> None:
        while True:
            await self._came.wait()
            await asyncio.sleep(_BATCH_S)
            self._came.clear()
            while self._waiting:
                await self._write_some()

    async def _write_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        try:
            await asyncio.to_thread(self._write, [scope for scope, _ in batch])
        except (sqlite3.Error, OSError) as exc:
            self.dropped += len(batch)
            log.warning("wirelog.not_written", reason=str(exc).splitlines()[0], dropped=len(batch))
        finally:
            self._waiting_bytes -= sum(size for _, size in batch)

    def _write(self, scopes: Sequence[Scope]) -> None:
        """In a thread; one batch at a time."""
        self._file.write([(scope.keys, [_row(scope, one) for one in scope.exchanges]) for scope in scopes])
        self._written += sum(len(scope.exchanges) for scope in scopes)
        if self._written >= _TRIM_EVERY:
            self._written = 0
            self._file.trim(most=self._most, most_bytes=self._most_bytes)


def _row(scope: Scope, one: Exchange) -> Row:
    row: Row = {
        "at_ms": one.at_ms,
        "took_ms": one.took_ms,
        "system": scope.system,
        "stage": scope.stage,
        "caller": one.caller,
        "method": one.method,
        "url": clean_url(one.url),
        "status": one.status,
        "error": one.error[:2000],
        "headers": clean_headers(one.headers),
        "body": clean_body(one.body),
        "body_bytes": one.body.size,
        "answer_headers": clean_headers(one.answer_headers),
        "answer": clean_body(one.answer),
        "answer_bytes": one.answer.size,
    }
    kept = sum(len(value) for value in row.values() if isinstance(value, str))
    return row | {"kept_bytes": kept}
