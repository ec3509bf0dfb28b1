"""MessageStore: append journal batches, search, trace."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import RowMapping, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from lgsp.errors import ChannelUnavailableError, ConfigurationError, NotFoundError
from lgsp.message import Message
from lgsp.standards.statistics import Case
from lgsp.store.append import append
from lgsp.store.dossier_cases import dossier_cases
from lgsp.store.journal import JournalEntry
from lgsp.store.records import (
    MessageQuery,
    StoredDelivery,
    StoredMessage,
    StoredStep,
    TracedMessage,
)
from lgsp.store.recount import Recount, prune, recount
from lgsp.store.search import SHOWN, known_under, related, search_for
from lgsp.store.tables import BODIES, MESSAGES, PARCELS, create_engine, prepare

__all__ = ["MessageStore"]

_MAX_TRACED = 1000
_CHUNK = 500
_OPENING_TRIES = 200
_OPENING_PAUSE_S = 0.05


class MessageStore:
    """History of every message. Filled by the wire tap, so a moment behind the streams; never asked by the delivery itself."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = asyncio.Lock()
        self._appends: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and create what is missing.

        Raises:
            ConfigurationError: the URL is wrong, or the database can't be reached or written.
        """
        engine = create_engine(url)
        try:
            await _prepare(engine)
        except (SQLAlchemyError, OSError) as exc:
            await engine.dispose()
            place = engine.url.render_as_string(hide_password=True)
            raise ConfigurationError(
                f"the message store {place} can't be opened: {_reason(exc)}; check LGSP_STORE_URL"
            ) from exc
        return cls(engine)

    async def aclose(self) -> None:
        """Close the connections, when what is being written is there."""
        await asyncio.gather(*self._appends, return_exceptions=True)
        await self._engine.dispose()

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Record steps, all or none; those that are there already change nothing."""
        if not entries:
            return
        # To its end, also if nobody waits any more: a transaction that is cut off in the middle may keep the file locked.
        writing = asyncio.create_task(self._append(entries))
        self._appends.add(writing)
        writing.add_done_callback(self._appends.discard)
        await asyncio.shield(writing)

    async def _append(self, entries: Sequence[JournalEntry]) -> None:
        async with self._writing, self._connection() as connection:
            await append(connection, entries)

    async def search(self, query: MessageQuery) -> tuple[StoredMessage, ...]:
        """Messages that fit, newest first; the `seq` of the last one is the next page's `after`."""
        async with self._connection() as connection:
            found = await connection.execute(search_for(query, self._engine.dialect.name))
            return tuple(StoredMessage(**row) for row in found.mappings())

    async def find(self, message_id: str) -> tuple[TracedMessage, dict[str, JsonValue]]:
        """One message by its id, with its journey and its whole JSON.

        Raises:
            NotFoundError: the store does not know it.
        """
        async with self._connection() as connection:
            found = await connection.execute(
                select(*SHOWN, MESSAGES.c.steps, BODIES.c.body)
                .join(BODIES, BODIES.c.seq == MESSAGES.c.seq)
                .where(MESSAGES.c.message_id == message_id)
                .order_by(MESSAGES.c.seq)
            )
            row = found.mappings().first()
        if row is None:
            raise NotFoundError(f"no message {message_id!r} in the message store")
        return _traced(row), from_json(row["body"])

    async def trace(self, key: str) -> tuple[TracedMessage, ...]:
        """The journey of a message, document or dossier, oldest message first.

        `key` is a message id, subject, correlation id or number (số/ký hiệu, mã hồ sơ); every message of the same subject or
        correlation belongs to it. () when nothing is known under that key.
        """
        async with self._connection() as connection:
            pairs = (await connection.execute(known_under(key, _CHUNK))).mappings().all()
            if not pairs:
                return ()
            subjects = {pair["subject"] for pair in pairs}
            correlations = {pair["correlation_id"] for pair in pairs} - {""}
            wanted = select(*SHOWN, MESSAGES.c.steps).where(
                MESSAGES.c.seq.in_(related(subjects, correlations))
            )
            found = await connection.execute(
                wanted.order_by(MESSAGES.c.accepted_ms, MESSAGES.c.seq).limit(_MAX_TRACED)
            )
            return tuple(_traced(row) for row in found.mappings())

    async def deliveries(
        self, system: str, *, since_ms: int, after: int = 0, limit: int = 200
    ) -> Sequence[StoredDelivery]:
        """What was delivered to a system since then, in the order of acceptance, each message once with its last receipt.

        The `seq` of the last one is the next page's `after`.
        """
        wanted = (
            select(PARCELS.c.seq, PARCELS.c.at_ms, PARCELS.c.detail, BODIES.c.body, MESSAGES.c.steps)
            .join(BODIES, BODIES.c.seq == PARCELS.c.seq)
            .join(MESSAGES, MESSAGES.c.seq == PARCELS.c.seq)
            .where(PARCELS.c.system == system, PARCELS.c.seq > after)
            .where(PARCELS.c.state == "delivered", PARCELS.c.at_ms >= since_ms)
            .order_by(PARCELS.c.seq)
            .limit(limit)
        )
        async with self._connection() as connection:
            found = await connection.execute(wanted)
            return [
                StoredDelivery(
                    seq,
                    Message.model_validate(from_json(body)),
                    at_ms,
                    reference,
                    _organizations(steps, system),
                )
                for seq, at_ms, reference, body, steps in found
            ]

    async def recount(self) -> Recount:
        """What the law says about every message: accepted = delivered + dead + expired + discarded + under way."""
        async with self._connection() as connection:
            return await recount(connection)

    async def prune(self, *, before_ms: int, limit: int = 10_000) -> int:
        """Forget the oldest settled messages accepted before then, at most `limit`; how many there were."""
        async with self._writing, self._connection() as connection:
            return await prune(connection, before_ms=before_ms, limit=limit)

    async def dossier_cases(self) -> Sequence[Case]:
        """Every dossier, as the statistics count it."""
        async with self._connection() as connection:
            return await dossier_cases(connection)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as exc:
            raise ChannelUnavailableError(f"the message store does not answer: {_reason(exc)}") from exc


async def _prepare(engine: AsyncEngine) -> None:
    """SQLite does not wait for the lock that turns a new file to WAL, so of parts that start together the later ones ask again."""
    for tries_left in reversed(range(_OPENING_TRIES)):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(prepare)
        except OperationalError as exc:
            if not tries_left or "locked" not in str(exc.orig):
                raise
            await asyncio.sleep(_OPENING_PAUSE_S)
        else:
            return


def _traced(row: RowMapping) -> TracedMessage:
    shown = {name: row[name] for name in StoredMessage.__dataclass_fields__}
    steps = (
        StoredStep(at_ms, step, system, detail) for step, system, at_ms, detail in from_json(row["steps"])
    )
    return TracedMessage(StoredMessage(**shown), tuple(steps))


def _organizations(steps: str, system: str) -> tuple[str, ...]:
    """For whom it was routed there; a remark may follow behind a semicolon."""
    routed = [detail for step, target, _, detail in from_json(steps) if step == "routed" and target == system]
    return tuple(filter(None, routed[-1].partition(";")[0].split(","))) if routed else ()


def _reason(error: Exception) -> str:
    """The database's own words, without SQLAlchemy's advice."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
