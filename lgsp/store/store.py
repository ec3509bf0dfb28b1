"""MessageStore: append journal batches, search, trace."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Self

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Insert, Select, Table, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from lgsp.errors import ChannelUnavailableError, ConfigurationError, NotFoundError
from lgsp.standards.statistics import Case
from lgsp.store.deliveries import StoredDelivery, deliveries
from lgsp.store.dossier_cases import dossier_cases
from lgsp.store.journal import JournalEntry, state_of
from lgsp.store.records import MessageQuery, StoredMessage, StoredStep, TracedMessage, fold, message_row
from lgsp.store.tables import JOURNAL, MESSAGES, METADATA, create_engine

__all__ = ["MessageStore"]

_SHOWN = tuple(MESSAGES.c[name] for name in StoredMessage.__dataclass_fields__)
_MAX_TRACED = 1000
_CHUNK = 500


class MessageStore:
    """History of every message. Filled by the wire tap, so a moment behind the streams; never asked by the delivery itself."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and create what is missing.

        Raises:
            ConfigurationError: the URL is wrong, or the database can't be reached or written.
        """
        engine = create_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(METADATA.create_all)
        except (SQLAlchemyError, OSError) as exc:
            await engine.dispose()
            place = engine.url.render_as_string(hide_password=True)
            raise ConfigurationError(
                f"the message store {place} can't be opened: {_reason(exc)}; check LGSP_STORE_URL"
            ) from exc
        return cls(engine)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Record steps, all or none; those that are there already change nothing."""
        if not entries:
            return
        bodies = [row for row in map(message_row, entries) if row is not None]
        steps = [_step_row(entry) for entry in entries]
        async with self._connection() as connection:
            if bodies:
                await connection.execute(self._insert(MESSAGES), bodies)
            await connection.execute(self._insert(JOURNAL), steps)
            await _set_states(connection, dict.fromkeys(entry.message_id for entry in entries))

    async def search(self, query: MessageQuery) -> tuple[StoredMessage, ...]:
        """Messages that fit, newest first; the `seq` of the last one is the next page's `after`."""
        wanted = select(*_SHOWN).order_by(MESSAGES.c.seq.desc()).limit(query.limit)
        for condition in _conditions(query):
            wanted = wanted.where(condition)
        async with self._connection() as connection:
            return await _messages(connection, wanted)

    async def find(self, message_id: str) -> tuple[TracedMessage, dict[str, JsonValue]]:
        """One message by its id, with its journey and its whole JSON.

        Raises:
            NotFoundError: the store does not know it.
        """
        async with self._connection() as connection:
            found = await connection.execute(
                select(*_SHOWN, MESSAGES.c.body)
                .where(MESSAGES.c.message_id == message_id)
                .order_by(MESSAGES.c.seq)
            )
            row = found.first()
            if row is None:
                raise NotFoundError(f"no message {message_id!r} in the message store")
            (traced,) = await _with_steps(connection, [StoredMessage(*row[:-1])])
        return traced, from_json(row[-1])

    async def trace(self, key: str) -> tuple[TracedMessage, ...]:
        """The journey of a message, document or dossier, oldest message first.

        `key` is a message id, subject, correlation id or number (số/ký hiệu, mã hồ sơ); every message of the same subject or
        correlation belongs to it. () when nothing is known under that key.
        """
        columns = (MESSAGES.c.message_id, MESSAGES.c.subject, MESSAGES.c.correlation_id, MESSAGES.c.number)
        async with self._connection() as connection:
            first = await _messages(
                connection, select(*_SHOWN).where(or_(*(column == key for column in columns))).limit(_CHUNK)
            )
            if not first:
                return ()
            subjects = {message.subject for message in first}
            correlations = {message.correlation_id for message in first} - {""}
            related = or_(
                MESSAGES.c.subject.in_(subjects), MESSAGES.c.correlation_id.in_(correlations | subjects)
            )
            wanted = (
                select(*_SHOWN)
                .where(related)
                .order_by(MESSAGES.c.accepted_ms, MESSAGES.c.seq)
                .limit(_MAX_TRACED)
            )
            return await _with_steps(connection, await _messages(connection, wanted))

    async def deliveries(
        self, system: str, *, since_ms: int, after: int = 0, limit: int = 200
    ) -> Sequence[StoredDelivery]:
        """What was delivered to a system since then, in order; the `seq` of the last one is the next page's `after`."""
        async with self._connection() as connection:
            return await deliveries(connection, system, since_ms=since_ms, after=after, limit=limit)

    async def dossier_cases(self) -> Sequence[Case]:
        """Every dossier, as the statistics count it."""
        async with self._connection() as connection:
            return await dossier_cases(connection)

    def _insert(self, table: Table) -> Insert:
        """An insert that skips what is there."""
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as exc:
            raise ChannelUnavailableError(f"the message store does not answer: {_reason(exc)}") from exc


def _conditions(query: MessageQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.type and query.type.endswith(".*"):
        found.append(MESSAGES.c.type.startswith(query.type[:-1], autoescape=True))
    elif query.type:
        found.append(MESSAGES.c.type == query.type.removeprefix("vn.lgsp."))
    if query.state:
        found.append(MESSAGES.c.state == query.state)
    if query.after is not None:
        found.append(MESSAGES.c.seq < query.after)
    found += [MESSAGES.c.folded.contains(word, autoescape=True) for word in fold(query.text or "").split()]
    return found


async def _messages(
    connection: AsyncConnection, wanted: Select[tuple[object, ...]]
) -> tuple[StoredMessage, ...]:
    found = await connection.execute(wanted)
    return tuple(StoredMessage(**row) for row in found.mappings())


async def _with_steps(
    connection: AsyncConnection, messages: Sequence[StoredMessage]
) -> tuple[TracedMessage, ...]:
    steps = await _steps(connection, (message.message_id for message in messages))
    return tuple(TracedMessage(message, tuple(steps[message.message_id])) for message in messages)


async def _set_states(connection: AsyncConnection, ids: Iterable[str]) -> None:
    steps = await _steps(connection, ids)
    states = [
        {"of": message_id, "to": state_of([(one.step, one.system) for one in taken])}
        for message_id, taken in steps.items()
    ]
    change = update(MESSAGES).where(MESSAGES.c.message_id == bindparam("of")).values(state=bindparam("to"))
    await connection.execute(change, states)


async def _steps(connection: AsyncConnection, ids: Iterable[str]) -> defaultdict[str, list[StoredStep]]:
    """The journeys of these messages, oldest step first (a message stays in one partition, so `seq` is its order)."""
    columns = (JOURNAL.c.at_ms, JOURNAL.c.step, JOURNAL.c.system, JOURNAL.c.detail, JOURNAL.c.message_id)
    found: defaultdict[str, list[StoredStep]] = defaultdict(list)
    for chunk in _chunks(ids):
        wanted = select(*columns).where(JOURNAL.c.message_id.in_(chunk)).order_by(JOURNAL.c.seq)
        for at_ms, step, system, detail, message_id in await connection.execute(wanted):
            found[message_id].append(StoredStep(at_ms, step, system, detail))
    return found


def _step_row(entry: JournalEntry) -> dict[str, object]:
    names = ("partition", "entry_id", "message_id", "at_ms", "step", "system", "detail")
    return {name: getattr(entry, name) for name in names}


def _chunks(values: Iterable[str]) -> list[list[str]]:
    rest = iter(values)
    return list(iter(lambda: list(islice(rest, _CHUNK)), []))


def _reason(error: Exception) -> str:
    """The database's own words, without SQLAlchemy's advice."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
