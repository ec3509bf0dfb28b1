"""How the journal becomes rows: a batch is one transaction, and each message of it is touched once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic_core import from_json, to_json
from sqlalchemy import Insert, Update, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from lgsp.store.journal import JournalEntry, Step, state_of
from lgsp.store.records import fold, message_row
from lgsp.store.tables import BODIES, MESSAGES, PARCELS, TAPS, WORDS

__all__ = ["append"]

_CHUNK = 500
_Step = list[str | int]
_Row = dict[str, str | int]
_WITHOUT_TARGET = (Step.ACCEPTED, Step.ROUTED, Step.DUPLICATE)


@dataclass(slots=True)
class _Journey:
    """One message while its batch is worked in; `seq` is 0 until it is known, `before` are its stored steps."""

    message_id: str
    steps: list[_Step]
    row: _Row | None = None
    words: str = ""
    body: bytes = b""
    seq: int = 0
    before: str = ""


async def append(connection: AsyncConnection, entries: Sequence[JournalEntry]) -> None:
    """Work a batch in; entries that are stored already change nothing."""
    journeys = _gather(await _pass_taps(connection, entries))
    await _find(connection, journeys)
    # A step of a message that was never accepted (a refused one) has no row; its channel keeps it.
    older = [one for one in journeys if one.seq]
    accepted = [one for one in journeys if one.row is not None and not one.seq]
    await _insert(connection, accepted)
    if older:
        changes = [{"of": one.seq, **_standing(one)} for one in older]
        await _many(connection, update(MESSAGES).where(MESSAGES.c.seq == bindparam("of")), changes)
    parcels = [parcel for one in (*accepted, *older) for parcel in _parcels(one)]
    if parcels:
        await _many(connection, _replace_parcel(connection), parcels)


async def _pass_taps(connection: AsyncConnection, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Only what is behind the place up to which its partition is stored; moves that place."""
    partitions = sorted({entry.partition for entry in entries})
    # A write first: a transaction that reads first may find, when it comes to write, that another one was faster.
    missing = [{"partition": number, "at_ms": -1, "sequence": 0, "number": 0} for number in partitions]
    await connection.execute(_unless_there(connection), missing)
    found = await connection.execute(select(TAPS).where(TAPS.c.partition.in_(partitions)))
    stored = {row.partition: (row.at_ms, row.sequence, row.number) for row in found}
    before, new = dict(stored), []
    for entry in entries:
        place = entry.place()
        if place > stored[entry.partition]:
            stored[entry.partition] = place
            new.append(entry)
    moved = [
        {"of": number, "at_ms": place[0], "sequence": place[1], "number": place[2]}
        for number, place in stored.items()
        if place != before[number]
    ]
    if moved:
        await connection.execute(update(TAPS).where(TAPS.c.partition == bindparam("of")), moved)
    return new


def _unless_there(connection: AsyncConnection) -> Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(TAPS).on_conflict_do_nothing()
    return sqlite.insert(TAPS).on_conflict_do_nothing()


def _gather(entries: Iterable[JournalEntry]) -> list[_Journey]:
    """The batch by message, in the order of their first step; an id that another source uses too begins anew when it is accepted."""
    journeys: list[_Journey] = []
    current: dict[str, _Journey] = {}
    for entry in entries:
        journey = current.get(entry.message_id)
        read = message_row(entry.body, entry.at_ms) if entry.body is not None else None
        if journey is None or read is not None:
            journey = current[entry.message_id] = _Journey(entry.message_id, [])
            journeys.append(journey)
        if read is not None:
            journey.row, journey.words = read
            journey.body = entry.body or b""
        journey.steps.append([entry.step, entry.system, entry.at_ms, entry.detail])
    return journeys


async def _find(connection: AsyncConnection, journeys: Sequence[_Journey]) -> None:
    """Where the messages of earlier batches are, and what they have gone through.

    One that is accepted again was accepted by a server that died before its replica had it: it is the same message.
    """
    columns = (MESSAGES.c.message_id, MESSAGES.c.source, MESSAGES.c.seq, MESSAGES.c.steps)
    wanted: dict[str, list[_Journey]] = {}
    for journey in journeys:
        wanted.setdefault(journey.message_id, []).append(journey)
    for chunk in _chunks(wanted):
        found = select(*columns).where(MESSAGES.c.message_id.in_(chunk)).order_by(MESSAGES.c.seq)
        for message_id, source, seq, steps in await connection.execute(found):
            for journey in wanted[message_id]:
                if journey.row is None or journey.row["source"] == source:
                    journey.seq, journey.before = seq, steps
    for journey in journeys:
        if journey.before:
            journey.steps = [*from_json(journey.before), *journey.steps]


async def _insert(connection: AsyncConnection, accepted: Sequence[_Journey]) -> None:
    if not accepted:
        return
    last = (
        await connection.execute(select(MESSAGES.c.seq).order_by(MESSAGES.c.seq.desc()).limit(1))
    ).scalar()
    rows: list[_Row] = []
    for seq, journey in enumerate(accepted, (last or 0) + 1):
        journey.seq = seq
        rows.append({**(journey.row or {}), "seq": seq, **_standing(journey)})
    await _many(connection, insert(MESSAGES), rows)
    await _many(connection, insert(BODIES), [{"seq": one.seq, "body": one.body} for one in accepted])
    if connection.dialect.name == "sqlite":
        indexed = [(one.seq, one.words) for one in accepted]
        await connection.exec_driver_sql("INSERT INTO words(rowid, folded) VALUES (?, ?)", indexed)
    else:
        folded = [{"seq": one.seq, "folded": fold(one.words)} for one in accepted]
        await connection.execute(insert(WORDS), folded)


async def _many(
    connection: AsyncConnection, statement: Insert | Update, rows: Sequence[Mapping[str, str | int | bytes]]
) -> None:
    """One statement for many rows. SQLite takes the values as they are, so SQLAlchemy's care for each of them is left out."""
    if connection.dialect.name != "sqlite":
        await connection.execute(statement, rows)
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = compiled.positiontup or []
    await connection.exec_driver_sql(str(compiled), [tuple(row[name] for name in names) for row in rows])


def _standing(journey: _Journey) -> _Row:
    state, _ = state_of((str(step[0]), str(step[1])) for step in journey.steps)
    return {"state": state, "steps": to_json(journey.steps).decode().replace("\\u0000", "")}


def _parcels(journey: _Journey) -> Iterator[_Row]:
    _, latest = state_of((str(step[0]), str(step[1])) for step in journey.steps)
    for system, state in latest.items():
        if not system:
            continue
        own = [step for step in journey.steps if step[0] not in _WITHOUT_TARGET and step[1] == system]
        last = own[-1] if own else None
        yield {
            "system": system,
            "seq": journey.seq,
            "state": state,
            "at_ms": last[2] if last else journey.steps[-1][2],
            "detail": str(last[3]) if last else "",
            "deliveries": sum(step[0] == "delivered" for step in own),
            "replays": sum(step[0] == "replayed" for step in own),
        }


def _replace_parcel(connection: AsyncConnection) -> Insert:
    changing = ("state", "at_ms", "detail", "deliveries", "replays")
    if connection.dialect.name == "postgresql":
        new = postgresql.insert(PARCELS)
        return new.on_conflict_do_update(
            index_elements=["system", "seq"], set_={name: new.excluded[name] for name in changing}
        )
    newer = sqlite.insert(PARCELS)
    return newer.on_conflict_do_update(
        index_elements=["system", "seq"], set_={name: newer.excluded[name] for name in changing}
    )


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    return iter(lambda: list(islice(rest, _CHUNK)), [])
