"""The SQLite file of a stand-in: its documents, and the files that are too small for one of their own."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Change", "StateFile"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS documents (seq INTEGER PRIMARY KEY, place TEXT, key TEXT, value TEXT)",
    "CREATE TABLE IF NOT EXISTS files (seq INTEGER PRIMARY KEY, sha256 TEXT UNIQUE, content BLOB)",
)
_PUT = "INSERT INTO documents (seq, place, key, value) VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM documents WHERE seq = ?"
_KEEP = "INSERT OR IGNORE INTO files (sha256, content) VALUES (?, ?)"
_CHECKPOINT_PAGES = 4000

Change = tuple[int, str, str, str | None]
"""Its place in the file (which has no index of keys, since they are in memory), table, key, the document as JSON; None: it was deleted."""


class StateFile:
    """Touched by the event loop's thread alone: a transaction takes less than the way to a thread and back."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        # A checkpoint waits for the disk: seldom, and what was written again meanwhile it copies once.
        self._file.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        for table in _TABLES:
            self._file.execute(table)

    def read(self) -> list[tuple[int, str, str, str]]:
        """Every document, in the order of its first `put`."""
        return self._file.execute("SELECT seq, place, key, value FROM documents ORDER BY seq").fetchall()

    def write(self, changes: Sequence[Change], files: Mapping[str, bytes]) -> None:
        """All of them, or none."""
        deleted = [change[:1] for change in changes if change[3] is None]
        with self._file:
            self._file.execute("BEGIN")
            if files:
                self._file.executemany(_KEEP, files.items())
            if deleted:
                self._file.executemany(_DELETE, deleted)
                changes = [change for change in changes if change[3] is not None]
            self._file.executemany(_PUT, changes)

    def content(self, sha256: str) -> bytes | None:
        """A file that was written."""
        found = self._file.execute("SELECT content FROM files WHERE sha256 = ?", (sha256,)).fetchone()
        return found[0] if found else None

    def drop_files(self) -> None:
        """Forget all files, documents not."""
        self._file.execute("DELETE FROM files")

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
