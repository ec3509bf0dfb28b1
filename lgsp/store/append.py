"""How the journal becomes rows: a batch is one transaction. Nothing depends on the order of the steps, or on how often they come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from lgsp.store.database import Chosen, chunks
from lgsp.store.journal import JournalEntry
from lgsp.store.names import Writer
from lgsp.store.records import Row, read_row, words_of
from lgsp.store.standing import StepRow, in_order, standing_of
from lgsp.store.tables import EARLY, FACTS, MESSAGES, STEPS, WORDS

__all__ = ["append", "journeys_of"]

_Value = str | int | bytes

_READER = msgspec.json.Decoder(list[StepRow])
_STORED = Chosen(
    select(MESSAGES.c.message_id, MESSAGES.c.source, MESSAGES.c.seq, MESSAGES.c.type).order_by(
        MESSAGES.c.seq
    ),
    MESSAGES.c.message_id,
)
_PARTS = Chosen(select(STEPS.c.seq, STEPS.c.part, STEPS.c.steps), STEPS.c.seq)
_HIGHEST = select(func.max(FACTS.c.seq))
_ANY_EARLY = select(EARLY.c.key).limit(1)


@dataclass(slots=True)
class _Journey:
    """What a batch brings of one message; `row` where it was accepted in it, `seq` where it is stored already; either says its `type`."""

    steps: list[StepRow] = field(default_factory=list)
    row: Row | None = None
    seq: int = 0
    type: str = ""


_Gathered = dict[str, list[_Journey]]


def append(connection: Connection, entries: Sequence[JournalEntry]) -> Mapping[str, str]:
    """Work a batch in; entries that are stored already change nothing. What the batch is about: the types by message id, where known."""
    gathered = _gather(entries)
    _find(connection, gathered)
    new: _Gathered = {}
    known: list[_Journey] = []
    early: _Gathered = {}
    for message_id, ones in gathered.items():
        for one in ones:
            if one.seq:
                known.append(one)
            else:
                (new if one.row else early).setdefault(message_id, []).append(one)
    names = Writer(connection)
    _add(connection, new, names)
    _go_on(connection, known, names)
    _keep(connection, early)
    names.save()
    return {message_id: ones[-1].type for message_id, ones in gathered.items()}


def _gather(entries: Iterable[JournalEntry]) -> _Gathered:
    """The batch by message id. An id that another source uses too begins anew where it is accepted."""
    gathered: _Gathered = {}
    for partition, entry_id, named, step, system, at_ms, detail, body in entries:
        message_id = named.replace("\0", "")  # as `read_row` does, since PostgreSQL refuses it
        ones = gathered.get(message_id)
        if ones is None:
            ones = gathered[message_id] = [_Journey()]
        row = read_row(body) if body else None
        if row is not None:
            _accept(ones, row)
        ones[-1].steps.append(StepRow(step, system, at_ms, detail, f"{partition}:{entry_id}"))
    return gathered


def _accept(ones: list[_Journey], row: Row) -> None:
    last = ones[-1]
    if last.row is None and not last.steps:
        last.row, last.type = row, row.type
    elif last.row is None or last.row.source != row.source:
        ones.append(_Journey(row=row, type=row.type))


def _find(connection: Connection, gathered: _Gathered) -> None:
    """Which messages are stored already.

    One that is accepted again was accepted by a server that died before its replica had it: it is the same message.
    """
    for message_id, source, seq, kind in _STORED.rows(connection, gathered):
        for one in gathered[message_id]:
            if one.row is None or one.row.source == source:
                one.seq, one.type = seq, kind
    for ones in gathered.values():
        first, *others = ones
        if others and first.row is None and not first.seq:
            others[0].steps += first.steps
            del ones[0]


def _add(connection: Connection, new: _Gathered, names: Writer) -> None:
    """Messages that were accepted in this batch."""
    _bring_early(connection, new)
    seq = connection.execute(_HIGHEST).scalar() or 0
    messages: list[tuple[_Value, ...]] = []
    facts: list[tuple[_Value, ...]] = []
    steps: list[tuple[_Value, ...]] = []
    words: list[tuple[_Value, ...]] = []
    folds = connection.dialect.name == "sqlite"  # its index does it
    for one in chain.from_iterable(new.values()):
        row, ordered = one.row, in_order(one.steps)
        if row is None:
            continue
        seq += 1
        accepted_ms = next((step.at_ms for step in ordered if step.step == "accepted"), ordered[0].at_ms)
        last_ms = max([step.at_ms for step in ordered])
        kind, source = names.code("type", row.type), names.code("source", row.source)
        messages.append((seq, *row))
        facts.append((seq, accepted_ms, last_ms, kind, source, names.standing(standing_of(ordered))))
        steps.append((seq, 0, _written(ordered)))
        words.append((seq, row.words() if folds else " ".join(words_of(row.words()))))
    for table, rows in ((MESSAGES, messages), (FACTS, facts), (STEPS, steps), (WORDS, words)):
        _many(connection, table, rows)


def _go_on(connection: Connection, known: Sequence[_Journey], names: Writer) -> None:
    """Further steps of messages that are stored."""
    stored = {seq: (rows, part) for seq, rows, part in _parts(connection, [one.seq for one in known])}
    parts: list[tuple[_Value, ...]] = []
    changes: list[tuple[_Value, ...]] = []
    for one in known:
        before, part = stored[one.seq]
        there = set(before)
        further = [step for step in in_order(one.steps) if step not in there]
        if not further:
            continue
        parts.append((one.seq, part + 1, _written(further)))
        ordered = in_order([*before, *further])
        stored[one.seq] = ordered, part + 1
        last_ms = max([step.at_ms for step in ordered])
        changes.append((last_ms, names.standing(standing_of(ordered)), one.seq))
    _many(connection, STEPS, parts)
    _change(connection, changes)


def journeys_of(connection: Connection, seqs: Sequence[int]) -> dict[int, list[StepRow]]:
    """The steps of these messages, in order."""
    return {seq: in_order(rows) for seq, rows, _ in _parts(connection, seqs)}


def _parts(connection: Connection, seqs: Iterable[int]) -> Iterator[tuple[int, list[StepRow], int]]:
    """(seq, its steps, its last part)."""
    found: dict[int, tuple[list[StepRow], int]] = {}
    for seq, part, steps in _PARTS.rows(connection, seqs):
        rows, last = found.get(seq, ([], 0))
        rows += _READER.decode(steps)
        found[seq] = rows, max(last, part)
    return ((seq, rows, last) for seq, (rows, last) in found.items())


def _written(steps: Sequence[StepRow]) -> str:
    return msgspec.json.encode(steps).decode()


def _bring_early(connection: Connection, new: _Gathered) -> None:
    """Steps that came before their message."""
    if connection.execute(_ANY_EARLY).first() is None:
        return
    for chunk in chunks(key for key, ones in new.items() if ones):
        rows = EARLY.c
        wanted = select(rows.message_id, rows.step, rows.system, rows.at_ms, rows.detail, rows.key)
        for message_id, *step in connection.execute(wanted.where(rows.message_id.in_(chunk))):
            new[message_id][0].steps.append(StepRow(*step))
        connection.execute(delete(EARLY).where(rows.message_id.in_(chunk)))


def _keep(connection: Connection, early: _Gathered) -> None:
    """Until their message comes. What was refused is none: its channel keeps it."""
    rows = {
        (message_id, step.key): {"message_id": message_id, **step._asdict()}
        for message_id, ones in early.items()
        for one in ones
        for step in one.steps
        if step.step != "invalid" and message_id
    }
    for chunk in chunks(message_id for message_id, _ in rows):
        known = select(EARLY.c.message_id, EARLY.c.key).where(EARLY.c.message_id.in_(chunk))
        for message_id, key in connection.execute(known):
            rows.pop((message_id, key), None)
    if rows:
        connection.execute(insert(EARLY), list(rows.values()))


def _change(connection: Connection, changes: Sequence[tuple[_Value, ...]]) -> None:
    """(time of the last step, standing, seq)."""
    if changes and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("UPDATE facts SET last_ms = ?, standing = ? WHERE seq = ?", list(changes))
    elif changes:
        change = update(FACTS).where(FACTS.c.seq == bindparam("of"))
        change = change.values(last_ms=bindparam("last"), standing=bindparam("now"))
        connection.execute(change, [dict(zip(("last", "now", "of"), one, strict=True)) for one in changes])


def _many(connection: Connection, table: Table, rows: Sequence[tuple[_Value, ...]]) -> None:
    """Whole rows. SQLite takes the values as they are, so SQLAlchemy's care for each of them is left out."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        names = [column.name for column in table.columns]
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    marks = ", ".join("?" * len(rows[0]))
    # FTS5 has the row's number outside of its columns.
    columns = "(rowid, folded)" if table is WORDS else ""
    connection.exec_driver_sql(f"INSERT INTO {table.name}{columns} VALUES ({marks})", list(rows))  # noqa: S608 - our own names
