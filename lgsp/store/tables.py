"""The tables, and whether a database is one that this version wrote.

Rows are only added. What changes in a message's life is one narrow row of `facts`; going through a million of those takes a tenth of
a second, so that filters and counts need no index of their own.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
)

from lgsp.errors import ConfigurationError

__all__ = [
    "EARLY",
    "FACTS",
    "MESSAGES",
    "NAMES",
    "STEPS",
    "TALLY",
    "TALLY_AGENCIES",
    "TALLY_DOCUMENTS",
    "TALLY_DOSSIERS",
    "WORDS",
    "prepare",
]

LAYOUT = 3
"""Changes with the tables; an older file is refused."""

METADATA = MetaData()
_Long = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str) -> Column[int]:
    return Column(name, _Long, primary_key=True, autoincrement=False)


MESSAGES = Table(
    "messages",
    METADATA,
    _key("seq"),
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
    Column("body", LargeBinary, nullable=False),
)
"""One row for each accepted message; never changed. `seq` is the order in which the store came to know them."""
Index("messages_id", MESSAGES.c.message_id)

FACTS = Table(
    "facts",
    METADATA,
    _key("seq"),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("type", Integer, nullable=False),
    Column("source", Integer, nullable=False),
    Column("standing", Integer, nullable=False),
)
"""What is filtered and counted by; words as the codes of `names`. `last_ms` is the time of the last step."""
Index("facts_accepted", FACTS.c.accepted_ms)

NAMES = Table(
    "names",
    METADATA,
    Column("code", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
)
"""`kind` is type, source or standing (`Standing.to_text`). There are few: as many as are in use, and a thousand that were."""

STEPS = Table(
    "steps",
    METADATA,
    _key("seq"),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("steps", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""The journey as JSON: [[step, system, at_ms, detail, key], …]; a part for each batch that brought some of it."""

EARLY = Table(
    "early",
    METADATA,
    Column("message_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("step", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Steps that came before their message was accepted here."""

COUNTED = MetaData()
"""What the indicators count (tally.py); made where it is missing, also in a file of a version that had none."""

TALLY = Table("tally", COUNTED, _key("seq"), Column("messages", BigInteger, nullable=False))
"""One row: the last message that is counted, and how many are."""

TALLY_AGENCIES = Table(
    "tally_agencies",
    COUNTED,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("agency", Text, primary_key=True),
    Column("name", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("sent", "received", "signed", "electronic")),
    sqlite_with_rowid=False,
)
"""Documents by day (proleptic ordinal, Vietnamese time) and agency."""

TALLY_DOCUMENTS = Table(
    "tally_documents",
    COUNTED,
    Column("document_id", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("signed", Boolean, nullable=False),
    Column("paper", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""So that each counts once, and paper that follows is taken off; day 0: only a change of it has come."""

TALLY_DOSSIERS = Table(
    "tally_dossiers",
    COUNTED,
    Column("code", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("unit", "field", "channel", "state", "facts")),
    *(Column(name, Integer) for name in ("received", "due", "ended")),
    sqlite_with_rowid=False,
)
"""Dossiers as form 06a asks for them, days as ordinals; `facts` is what the messages have said so far, as JSON."""

WORDS = Table("words", MetaData(), _key("seq"), Column("folded", Text, nullable=False))
"""What is searched for. On SQLite an FTS5 index without content; on PostgreSQL an ordinary table with a text index."""
_WORDS_SQLITE = (
    "CREATE VIRTUAL TABLE words USING fts5"
    "(folded, content='', columnsize=0, detail=none, tokenize='unicode61 remove_diacritics 2')"
)
_WORDS_POSTGRESQL = "CREATE INDEX words_folded ON words USING gin (to_tsvector('simple', folded))"


def prepare(connection: Connection) -> None:
    """Create what is missing; nobody else may write meanwhile.

    Raises:
        ConfigurationError: the tables are of another version of the program.
    """
    there = set(inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    else:
        found = LAYOUT if "facts" in there else 2
    if there and found != LAYOUT:
        raise ConfigurationError(
            f"the message store was written by another version of lgsp (layout {found}, this one has {LAYOUT}); "
            "move messages.db away, or give another LGSP_STORE_URL"
        )
    COUNTED.create_all(connection)
    if there:
        return
    METADATA.create_all(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_WORDS_SQLITE)
        connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")
    else:
        WORDS.create(connection)
        connection.exec_driver_sql(_WORDS_POSTGRESQL)
