"""The two tables, and how a URL becomes an engine."""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from lgsp.errors import ConfigurationError

__all__ = ["JOURNAL", "MESSAGES", "METADATA", "create_engine"]

METADATA = MetaData()
_Long = BigInteger().with_variant(Integer(), "sqlite")

MESSAGES = Table(
    "messages",
    METADATA,
    Column("seq", _Long, primary_key=True, autoincrement=True),
    Column("message_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("folded", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("message_id", "source"),
    Index("messages_subject", "subject"),
    Index("messages_correlation", "correlation_id"),
    Index("messages_number", "number"),
    Index("messages_state", "state", "seq"),
)

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", _Long, primary_key=True, autoincrement=True),
    Column("partition", Integer, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("partition", "entry_id"),
    Index("journal_message", "message_id"),
)


def create_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite:///…` or `postgresql://…`.

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
            return _sqlite(parsed.set(drivername="sqlite+aiosqlite"))
        case "postgresql":
            return create_async_engine(parsed.set(drivername=_postgresql_driver()), pool_pre_ping=True)
        case other:
            raise ConfigurationError(
                f"LGSP_STORE_URL: {other} is not supported; use sqlite:/// or postgresql://"
            )


def _sqlite(url: URL) -> AsyncEngine:
    in_memory = url.database in {None, "", ":memory:"}
    if in_memory:
        engine = create_async_engine(url, poolclass=StaticPool)
    else:
        _make_folder(Path(url.database or "").parent)
        engine = create_async_engine(url, connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigurationError(f"the message store's folder {folder} can't be made ({reason})") from exc


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """WAL: readers do not wait for the wire tap. A lost last batch after a power cut comes again from the stream."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _postgresql_driver() -> str:
    for module, driver in (("asyncpg", "postgresql+asyncpg"), ("psycopg", "postgresql+psycopg")):
        if find_spec(module):
            return driver
    raise ConfigurationError(
        "LGSP_STORE_URL names PostgreSQL, but no driver is installed: pip install asyncpg"
    )
