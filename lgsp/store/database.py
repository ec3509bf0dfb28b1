"""Where the tables are: SQLite in threads of its own, or PostgreSQL. Work is a plain function on a connection, in one transaction."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic_core import to_json
from sqlalchemy import Column, Connection, Engine, Row, Select, bindparam, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from lgsp.errors import ConfigurationError

__all__ = ["Chosen", "Database", "chunks", "database"]

T = TypeVar("T")
_READERS = 4
_SETTINGS = (
    "page_size=16384",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "cache_size=-65536",
    "wal_autocheckpoint=4000",
    "journal_size_limit=67108864",
)
_ONE_WRITER = "SELECT pg_advisory_xact_lock(1279742800)"


class Database(Protocol):
    """Does work away from the event loop. A work that raises changes nothing."""

    place: str
    """The URL, without a password."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Work that changes nothing."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Work that nobody else's comes between: one writer at a time, in all processes."""
        ...

    async def aclose(self) -> None:
        """Let go of the connections."""
        ...


def database(url: str) -> Database:
    """For `sqlite:///…` or `postgresql://…`; nothing is connected yet.

    Raises:
        ConfigurationError: the URL is none of these, or the driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigurationError(
            f"LGSP_STORE_URL {url!r} is not a URL; write sqlite:///file.db or postgresql://…"
        ) from exc
    match parsed.get_backend_name():
        case "sqlite":
            return _Sqlite(parsed.set(drivername="sqlite"))
        case "postgresql":
            return _PostgreSQL(parsed)
        case other:
            raise ConfigurationError(
                f"LGSP_STORE_URL: {other} is not supported; use sqlite:/// or postgresql://"
            )


def chunks(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """So few at a time that a statement can hold them."""
    rest = iter(values)
    return iter(lambda: list(islice(rest, size)), [])


class Chosen:
    """Rows whose column has one of some values. The statement is made once: making it cost more than the query.

    SQLite gets the values as one: making five hundred of them, too, cost more than the query.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], column: Column[T]) -> None:
        given = func.json_each(bindparam("given")).table_valued("value")
        self._sqlite = query.where(column.in_(select(given.c.value)))
        self._others = query.where(column.in_(bindparam("given", expanding=True)))

    def rows(self, connection: Connection, values: Iterable[object]) -> Iterator[Row[*tuple[Any, ...]]]:
        """All of them, a few hundred values at a time."""
        for chunk in chunks(values):
            if connection.dialect.name == "sqlite":
                yield from connection.execute(self._sqlite, {"given": to_json(chunk).decode()}).all()
            else:
                yield from connection.execute(self._others, {"given": chunk}).all()


class _Sqlite:
    """One thread writes, a few read. In memory there is one connection, so one thread does both."""

    def __init__(self, url: URL) -> None:
        self.place = url.render_as_string(hide_password=True)
        in_memory = url.database in {None, "", ":memory:"}
        if not in_memory:
            _make_folder(Path(url.database or "").parent)
        self._engine = _in_memory(url) if in_memory else _on_disk(url)
        self._exclusive = self._engine.execution_options(lgsp_begin="BEGIN IMMEDIATE")
        self._writer = ThreadPoolExecutor(1, "store-write")
        self._readers = self._writer if in_memory else ThreadPoolExecutor(_READERS, "store-read")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """In a reader's thread; in WAL mode it doesn't wait for the writer."""
        return await _in_thread(self._readers, self._engine, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """In the writer's thread. Takes the file's write lock first: a transaction that reads first may not get it any more."""
        return await _in_thread(self._writer, self._exclusive, work)

    async def aclose(self) -> None:
        """What is being worked at is finished."""
        for threads in (self._writer, self._readers):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()


class _PostgreSQL:
    def __init__(self, url: URL) -> None:
        # A tenth of a second that most never need.
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

        self._engine = create_async_engine(url.set(drivername=_postgresql_driver()), pool_pre_ping=True)
        self.place = url.render_as_string(hide_password=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(_ONE_WRITER)
            return await connection.run_sync(work)

    async def aclose(self) -> None:
        await self._engine.dispose()


async def _in_thread(threads: ThreadPoolExecutor, engine: Engine, work: Callable[[Connection], T]) -> T:
    def transaction() -> T:
        with engine.begin() as connection:
            return work(connection)

    return await asyncio.get_running_loop().run_in_executor(threads, transaction)


def _in_memory(url: URL) -> Engine:
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    return _prepared(engine)


def _on_disk(url: URL) -> Engine:
    waits = {"timeout": 30, "check_same_thread": False}
    return _prepared(create_engine(url, pool_size=_READERS + 1, connect_args=waits))


def _prepared(engine: Engine) -> Engine:
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """WAL: readers do not wait for the wire tap. A lost last batch after a power cut comes again from the stream."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in _SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """In place of Python's own driver, which begins only before the first change."""
    connection.exec_driver_sql(connection.get_execution_options().get("lgsp_begin", "BEGIN"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigurationError(f"the message store's folder {folder} can't be made ({reason})") from exc


def _postgresql_driver() -> str:
    for module, driver in (("asyncpg", "postgresql+asyncpg"), ("psycopg", "postgresql+psycopg")):
        if find_spec(module):
            return driver
    raise ConfigurationError(
        "LGSP_STORE_URL names PostgreSQL, but no driver is installed: pip install asyncpg"
    )
