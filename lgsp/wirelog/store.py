"""The file: a ring of exchanges and the keys that they are found by. SQLite, so that another process can read beside.

Nothing here is asynchronous: whoever writes does so in a thread, a batch at a time. Through SQLAlchemy's asynchronous engine, which
goes to its own thread and back for each row, keeping an exchange cost twenty times as much.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from pydantic import JsonValue

__all__ = ["Row", "StoredExchange", "WireFile"]

_OPENING_TRIES = 200
_OPENING_PAUSE_S = 0.05
_BUSY_S = 30.0
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS exchanges (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kept_bytes INTEGER NOT NULL, at_ms INTEGER NOT NULL, took_ms INTEGER NOT NULL,
        system TEXT NOT NULL, stage TEXT NOT NULL, caller TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL,
        status INTEGER NOT NULL, error TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL, body_bytes INTEGER NOT NULL,
        answer_headers TEXT NOT NULL, answer TEXT NOT NULL, answer_bytes INTEGER NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS links (key TEXT NOT NULL, exchange INTEGER NOT NULL, PRIMARY KEY (key, exchange)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS ix_links_exchange ON links (exchange)",
)
_COLUMNS = (
    "kept_bytes", "at_ms", "took_ms", "system", "stage", "caller", "method", "url", "status", "error", "headers", "body", "body_bytes",
    "answer_headers", "answer", "answer_bytes",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO exchanges ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608
)
_LINK = "INSERT OR IGNORE INTO links (key, exchange) VALUES (?, ?)"
_OLD = """SELECT max(id) FROM (
    SELECT id, sum(kept_bytes) OVER (ORDER BY id DESC) AS newer, row_number() OVER (ORDER BY id DESC) AS place FROM exchanges
) WHERE newer > ? OR place > ?"""

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


class WireFile:
    """One connection that writes; each search has one of its own. Raises sqlite3.Error, all of it."""

    def __init__(self, file: Path) -> None:
        """Open the file, and make it where it is not there; of parts that start together one makes it, and the others wait."""
        self._file = file
        self._connection = _made(file)
        # A writer that is cancelled leaves its batch to its thread, and the next one must wait for that.
        self._turn = threading.Lock()

    def write(self, batch: Sequence[tuple[Iterable[str], list[Row]]]) -> None:
        """Each entry: the keys, and the exchanges that they find."""
        with self._changing() as connection:
            for keys, rows in batch:
                for row in rows:
                    number = connection.execute(_INSERT, row).lastrowid
                    connection.executemany(_LINK, [(key, number) for key in keys])

    def trim(self, *, most: int, most_bytes: int) -> None:
        """Forget the oldest, until at most so many exchanges and bytes are left."""
        with self._changing() as connection:
            (last,) = connection.execute(_OLD, (most_bytes, most)).fetchone()
            if last is not None:
                connection.execute("DELETE FROM exchanges WHERE id <= ?", (last,))
                connection.execute("DELETE FROM links WHERE exchange <= ?", (last,))

    def find(self, keys: Sequence[str], limit: int) -> list[StoredExchange]:
        """The newest of these, in the order in which they happened."""
        names = [one.name for one in fields(StoredExchange)]
        wanted = f"""SELECT {", ".join(names)} FROM exchanges
            WHERE id IN (SELECT exchange FROM links WHERE key IN ({", ".join("?" for _ in keys)})) ORDER BY id DESC LIMIT ?"""  # noqa: S608
        with closing(_connected(self._file)) as connection:
            rows = connection.execute(wanted, (*keys, limit)).fetchall()
        found = []
        for row in rows:
            values = dict(zip(names, row, strict=True))
            headers = {name: _read(values[name]) for name in ("headers", "answer_headers")}
            found.append(StoredExchange(**(values | headers)))
        return sorted(found, key=lambda one: (one.at_ms, one.id))

    def close(self) -> None:
        """The connection that writes."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """All of it, or nothing."""
        connection = self._connection
        with self._turn:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def _made(file: Path) -> sqlite3.Connection:
    connection = _connected(file)
    for tries_left in reversed(range(_OPENING_TRIES)):
        try:
            # Changing the journal's mode does not wait for others, as everything else does.
            for setting in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", *_SCHEMA):
                connection.execute(setting)
        except sqlite3.OperationalError as exc:
            if not tries_left or "locked" not in str(exc):
                connection.close()
                raise
            time.sleep(_OPENING_PAUSE_S)
        else:
            break
    return connection


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def _read(headers: str) -> list[list[str]]:
    value: JsonValue = json.loads(headers)
    pairs = value if isinstance(value, list) else []
    return [[str(part) for part in pair] for pair in pairs if isinstance(pair, list)]
