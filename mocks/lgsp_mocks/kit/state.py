"""State of a stand-in: JSON documents in memory, written through to a SQLite file."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, ItemsView
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
from pydantic import JsonValue

from lgsp_mocks.kit.state_file import Change, StateFile

__all__ = ["Group", "Record", "RowPage", "State", "Table"]

Record = dict[str, JsonValue]


class RowPage(NamedTuple):
    """Of `total` rows that fit, some with their keys, the newest first; `following` is the next page's `before`, None on the last."""

    total: int
    rows: list[tuple[str, Record]]
    following: int | None


GroupOf = Callable[[Record], str | None]
_MOST_COUNTED = 8
"""Fields of a table, by which it is kept counted: a stranger could ask for any."""


class Group:
    """The rows of a table by what they are asked for, kept as they change: a list is as long as what is in it, not as the table."""

    def __init__(self, group_of: GroupOf) -> None:
        self._group_of = group_of
        self._members: dict[str, dict[str, Record]] = {}
        self._group: dict[str, str] = {}

    def of(self, group: str) -> list[Record]:
        """Its rows, in the order in which they came into it."""
        return list(self._members.get(group, {}).values())

    def sizes(self) -> dict[str, int]:
        """How many rows each has."""
        return {group: len(members) for group, members in self._members.items()}

    def repeated(self) -> list[str]:
        """The groups that hold more than one row."""
        return [group for group, members in self._members.items() if len(members) > 1]

    def put(self, key: str, row: Record) -> None:
        """The table has this row now."""
        group, before = self._group_of(row), self._group.get(key)
        if group != before:
            self.drop(key)
            if group is not None:
                self._group[key] = group
                self._members.setdefault(group, {})[key] = row
        elif group is not None:
            self._members[group][key] = row

    def drop(self, key: str) -> None:
        """The table has this row no more."""
        before = self._group.pop(key, None)
        if before is not None:
            del self._members[before][key]
            if not self._members[before]:
                del self._members[before]


class Table:
    """Documents by key, in order of first `put`. A value that was changed must be `put` again. `changes` are told of it."""

    def __init__(self, name: str = "", changes: "_Changes | None" = None) -> None:
        self.name = name
        self._rows: dict[str, Record] = {}
        self._places: dict[str, int] = {}
        self._changes = changes or _Changes()
        self._groups: list[Group] = []
        self._counted: dict[str, Group] = {}

    def grouped(self, group_of: GroupOf) -> Group:
        """The rows by `group_of`, from now on; None leaves a row out."""
        group = Group(group_of)
        for key, row in self._rows.items():
            group.put(key, row)
        self._groups.append(group)
        return group

    def counts_by(self, field: str) -> dict[str, int]:
        """How many documents have each value of a field; what was asked once is kept, since it is asked again and again."""
        counted = self._counted.get(field)
        if counted is None:
            if len(self._counted) >= _MOST_COUNTED:
                return Counter(str(row.get(field, "")) for row in self._rows.values())
            counted = self._counted[field] = self.grouped(lambda row: str(row.get(field, "")))
        return counted.sizes()

    def get(self, key: str) -> Record | None:
        """One document, or None."""
        return self._rows.get(key)

    def put(self, key: str, value: Record) -> None:
        """Store a document."""
        self._rows[key] = value
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._changes.new_place()
        self._changes.dirty[place] = self, key
        for group in self._groups:
            group.put(key, value)

    def delete(self, key: str) -> None:
        """Forget a document, if it is there."""
        if self._rows.pop(key, None) is not None:
            self._changes.dirty[self._places.pop(key)] = self, key
            for group in self._groups:
                group.drop(key)

    def values(self) -> list[Record]:
        """Every document."""
        return list(self._rows.values())

    def items(self) -> ItemsView[str, Record]:
        """Every key with its document."""
        return dict(self._rows).items()

    def page(
        self, fields: Collection[str], values: Collection[str], *, before: int | None, limit: int
    ) -> RowPage:
        """Rows of which a field has one of the values; without fields, every row.

        `before` is a place in the table, so what is put meanwhile shifts no page.
        """
        # A plain pass for each field: a hundred thousand rows are looked through while a page is waited for.
        wanted = tuple(values)  # not a set, since a field may hold a list
        fits = {key for field in fields for key, row in self._rows.items() if row.get(field) in wanted}
        fitting = [(place, key) for place, key in enumerate(self._rows) if not fields or key in fits]
        ahead = [each for each in fitting if before is None or each[0] < before]
        shown = ahead[len(ahead) - min(limit, len(ahead)) :][::-1]
        following = shown[-1][0] if len(shown) < len(ahead) else None
        return RowPage(len(fitting), [(key, self._rows[key]) for _, key in shown], following)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def load(self, place: int, key: str, value: str) -> None:
        """Take over a document from its place in the file."""
        self._places[key] = place
        self._rows[key] = json.loads(value)
        for group in self._groups:
            group.put(key, self._rows[key])

    def change(self, place: int, key: str) -> Change:
        """What the file is to have at a place that was dirty: a key that was deleted and put again stands at another one."""
        is_here = self._places.get(key) == place
        return place, self.name, key, _encode(self._rows[key]).decode() if is_here else None

    def clear(self) -> None:
        """Forget everything."""
        for key in list(self._rows):
            self.delete(key)


class _Changes:
    """By place in the file, what it does not have yet; and which place is free."""

    def __init__(self) -> None:
        self.dirty: dict[int, tuple[Table, str]] = {}
        self.last_place = 0

    def new_place(self) -> int:
        self.last_place += 1
        return self.last_place


_COUNTERS = "__counters__"
_RECENT_BYTES = 4 * 1024 * 1024
"""Of files, kept in memory as well: what is put is most often fetched soon."""

_encode = msgspec.json.Encoder().encode


class State:
    """The tables of one stand-in, and their file; without a file they live in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._tables: dict[str, Table] = {}
        self._changes = _Changes()
        self._new_files: dict[str, bytes] = {}
        self._recent_files: dict[str, bytes] = {}
        self._recent_bytes = 0
        self._committing: list[asyncio.Future[None]] = []
        self._file: StateFile | None = None

    async def open(self) -> Self:
        """Load the file, creating it where it is missing."""
        if self._path is None:
            return self
        self._file = StateFile(self._path)
        for place, name, key, value in self._file.read():
            self.table(name).load(place, key, value)
            self._changes.last_place = place
        return self

    async def aclose(self) -> None:
        """Write what is left and close the file."""
        await self.commit()
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever stored."""
        return not any(len(table) for table in self._tables.values())

    def table(self, name: str) -> Table:
        """A table, made at first use."""
        found = self._tables.get(name)
        if found is None:
            found = self._tables[name] = Table(name, self._changes)
        return found

    @property
    def tables(self) -> dict[str, Table]:
        """Every table that holds a user's or the wire's data."""
        return {name: table for name, table in self._tables.items() if name != _COUNTERS}

    def next(self, counter: str) -> int:
        """The next number of a counter, from 1, without gaps."""
        counters = self.table(_COUNTERS)
        last = (counters.get(counter) or {"value": 0})["value"]
        number = int(str(last)) + 1
        counters.put(counter, {"value": number})
        return number

    async def commit(self) -> None:
        """Write what changed since the last commit; all who commit in one turn of the loop share a transaction."""
        if not (self._changes.dirty or self._new_files):
            return
        loop = asyncio.get_running_loop()
        if not self._committing:
            loop.call_soon(self._write)
        written = loop.create_future()
        self._committing.append(written)
        await written

    def _write(self) -> None:
        dirty, files, waiting = self._changes.dirty, self._new_files, self._committing
        self._changes.dirty, self._new_files, self._committing = {}, {}, []
        failed: Exception | None = None
        try:
            if self._file is not None:
                self._file.write([table.change(place, key) for place, (table, key) in dirty.items()], files)
        except Exception as exc:  # noqa: BLE001 - theirs who wait
            failed = exc
            # In memory it is, so the next commit has to write it.
            self._changes.dirty = dirty | self._changes.dirty
            self._new_files = files | self._new_files
        for written in waiting:
            if written.done():
                continue
            if failed is None:
                written.set_result(None)
            else:
                written.set_exception(failed)

    def clear(self) -> None:
        """Forget everything, counters too."""
        for table in self._tables.values():
            table.clear()

    def keep_file(self, sha256: str, content: bytes) -> None:
        """Put a small file beside the documents; written with the next commit."""
        self._new_files[sha256] = content
        if sha256 not in self._recent_files:
            self._recent_files[sha256] = content
            self._recent_bytes += len(content)
        while self._recent_bytes > _RECENT_BYTES:
            self._recent_bytes -= len(self._recent_files.pop(next(iter(self._recent_files))))

    def file(self, sha256: str) -> bytes | None:
        """A small file that is kept here."""
        found = self._recent_files.get(sha256) or self._new_files.get(sha256)
        return self._file.content(sha256) if found is None and self._file is not None else found

    def drop_files(self) -> None:
        """Forget the small files."""
        self._new_files.clear()
        self._recent_files.clear()
        self._recent_bytes = 0
        if self._file is not None:
            self._file.drop_files()
