"""The file: a ring of exchanges and the keys that they are found by. SQLite, so that another process can read beside."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue
from sqlalchemy import Column, Integer, MetaData, Table, Text, delete, event, func, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["LINKS", "StoredExchange", "find", "open_engine", "trim", "write"]

_OPENING_TRIES = 200
_OPENING_PAUSE_S = 0.05
_METADATA = MetaData()

EXCHANGES = Table(
    "exchanges",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kept_bytes", Integer, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("system", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_bytes", Integer, nullable=False),
    Column("answer_headers", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answer_bytes", Integer, nullable=False),
)
LINKS = Table(
    "links",
    _METADATA,
    Column("key", Text, primary_key=True),
    Column("exchange", Integer, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

Row = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """An exchange as it is kept. `stage`: it brought the message in (`received`) or took it out (`sent`); sizes are those on the wire."""

    id: int
    at_ms: int
    took_ms: int
    system: str
    stage: str
    caller: str
    method: str
    url: str
    status: int
    error: str
    headers: list[list[str]]
    body: str
    body_bytes: int
    answer_headers: list[list[str]]
    answer: str
    answer_bytes: int


async def open_engine(file: Path) -> AsyncEngine:
    """The file, made where it is not there; of parts that start together one makes it, and the others ask again."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", _prepare)
    for tries_left in reversed(range(_OPENING_TRIES)):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_METADATA.create_all)
        except OperationalError as exc:
            if not tries_left or not any(reason in str(exc.orig) for reason in ("locked", "already exists")):
                await engine.dispose()
                raise
            await asyncio.sleep(_OPENING_PAUSE_S)
        else:
            break
    return engine


async def write(connection: AsyncConnection, batch: Sequence[tuple[Iterable[str], list[Row]]]) -> None:
    """Each entry: the keys, and the exchanges that they find."""
    for keys, rows in batch:
        for row in rows:
            inserted = await connection.execute(insert(EXCHANGES).values(row))
            number = inserted.inserted_primary_key[0] if inserted.inserted_primary_key else 0
            links = [{"key": key, "exchange": number} for key in keys]
            await connection.execute(sqlite_insert(LINKS).on_conflict_do_nothing(), links)


async def trim(connection: AsyncConnection, *, most: int, most_bytes: int) -> None:
    """Forget the oldest, until at most so many exchanges and bytes are left."""
    number, size = EXCHANGES.c.id, EXCHANGES.c.kept_bytes
    newer = func.sum(size).over(order_by=number.desc()).label("newer")
    place = func.row_number().over(order_by=number.desc()).label("place")
    ranked = select(number.label("id"), newer, place).subquery()
    last = (
        await connection.execute(
            select(func.max(ranked.c.id)).where((ranked.c.newer > most_bytes) | (ranked.c.place > most))
        )
    ).scalar()
    if last is not None:
        await connection.execute(delete(EXCHANGES).where(number <= last))
        await connection.execute(delete(LINKS).where(LINKS.c.exchange <= last))


async def find(connection: AsyncConnection, keys: Sequence[str], limit: int) -> list[StoredExchange]:
    """The newest of these, in the order in which they happened."""
    numbers = select(LINKS.c.exchange).where(LINKS.c.key.in_(keys)).distinct()
    wanted = select(EXCHANGES).where(EXCHANGES.c.id.in_(numbers)).order_by(EXCHANGES.c.id.desc()).limit(limit)
    rows = (await connection.execute(wanted)).mappings().all()
    found = [
        StoredExchange(
            **{
                name: row[name]
                for name in StoredExchange.__dataclass_fields__
                if not name.endswith("headers")
            },
            headers=_read(row["headers"]),
            answer_headers=_read(row["answer_headers"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.at_ms, one.id))


def _read(headers: str) -> list[list[str]]:
    value: JsonValue = json.loads(headers)
    pairs = value if isinstance(value, list) else []
    return [[str(part) for part in pair] for pair in pairs if isinstance(pair, list)]


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
