"""The tables, and how a URL becomes an engine."""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from lgsp.errors import ConfigurationError

__all__ = ["BODIES", "MESSAGES", "PARCELS", "TAPS", "WORDS", "create_engine", "prepare"]

LAYOUT = 2
"""Changes with the tables; an older file is refused."""

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
    Column("steps", Text, nullable=False),
)
"""One row for each accepted message; `steps` is its journey as JSON: [[step, system, at_ms, detail], …]."""
Index("messages_id", MESSAGES.c.message_id)
Index("messages_subject", MESSAGES.c.subject)
Index("messages_type", MESSAGES.c.type, MESSAGES.c.seq)
Index("messages_source", MESSAGES.c.source, MESSAGES.c.seq)
for _name, _column, _common in (
    ("number", MESSAGES.c.number, ""),
    ("correlation", MESSAGES.c.correlation_id, ""),
    ("state", MESSAGES.c.state, "delivered"),
):
    # Partial: nearly every message has the common value, and nobody looks for that by index.
    _rare = _column != text(f"'{_common}'")
    Index(f"messages_{_name}", _column, MESSAGES.c.seq, sqlite_where=_rare, postgresql_where=_rare)

BODIES = Table(
    "bodies",
    METADATA,
    Column("seq", _Long, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

PARCELS = Table(
    "parcels",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("seq", _Long, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("replays", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How each message stands with each system that it was routed to."""
_OPEN = PARCELS.c.state != text("'delivered'")
Index("parcels_open", PARCELS.c.state, PARCELS.c.seq, sqlite_where=_OPEN, postgresql_where=_OPEN)

TAPS = Table(
    "taps",
    METADATA,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
)
"""How far each partition's journal is stored."""

WORDS = Table("words", MetaData(), Column("seq", _Long, primary_key=True), Column("folded", Text))
"""What is searched for. On SQLite an FTS5 index without content; elsewhere an ordinary table."""
_WORDS_SQLITE = (
    "CREATE VIRTUAL TABLE words USING fts5"
    "(folded, content='', columnsize=0, detail=none, tokenize='unicode61 remove_diacritics 2')"
)


def prepare(connection: Connection) -> None:
    """Create what is missing.

    Raises:
        ConfigurationError: the tables are of another version of the program.
    """
    if connection.dialect.name != "sqlite":
        METADATA.create_all(connection)
        WORDS.create(connection, checkfirst=True)
        return
    if _layout(connection) == LAYOUT:
        return
    # Two parts that start together must not both create.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    found = _layout(connection)
    if found == LAYOUT:
        return
    if inspect(connection).get_table_names():
        raise ConfigurationError(
            f"the message store was written by another version of lgsp (layout {found}, this one has {LAYOUT}); "
            "move messages.db away, or give another LGSP_STORE_URL"
        )
    METADATA.create_all(connection)
    connection.exec_driver_sql(_WORDS_SQLITE)
    connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")


def _layout(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


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
    for setting in ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", "cache_size=-32768"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _postgresql_driver() -> str:
    for module, driver in (("asyncpg", "postgresql+asyncpg"), ("psycopg", "postgresql+psycopg")):
        if find_spec(module):
            return driver
    raise ConfigurationError(
        "LGSP_STORE_URL names PostgreSQL, but no driver is installed: pip install asyncpg"
    )
