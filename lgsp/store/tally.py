"""What the indicators count, kept as it grows: a view reads some hundreds of rows, and of the messages only those that came since.

Each message is counted once, in the order of `seq`; what `prune` forgets stays counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice

from pydantic import JsonValue
from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, select

from lgsp.clock import VIETNAM
from lgsp.standards.statistics import RESOLVED, RETURNED, AgencyRow, Case, Row, form_06a_of
from lgsp.store.database import chunks
from lgsp.store.document_facts import fact_of
from lgsp.store.dossier_cases import DOSSIER_KINDS, case_of, learn
from lgsp.store.names import read_names
from lgsp.store.tables import (
    FACTS,
    MESSAGES,
    TALLY,
    TALLY_AGENCIES,
    TALLY_DOCUMENTS,
    TALLY_DOSSIERS,
)

__all__ = ["Counted", "agencies", "count_up", "counted", "dossier_form", "procedures"]

_DOCUMENT_KINDS = ("document.issued", "document.updated", "document.replaced")
_Facts = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Counted:
    """How far the tally is: of so many messages the last was accepted then (0: none yet), and so many are not counted yet."""

    messages: int
    until_ms: int
    behind: int


@dataclass(slots=True)
class _Batch:
    """What a batch changes: documents by id, agencies by (day, id), dossiers by code."""

    documents: dict[str, _Facts] = field(default_factory=dict)
    agencies: dict[tuple[int, str], AgencyRow] = field(default_factory=dict)
    dossiers: dict[str, _Facts] = field(default_factory=dict)


def counted(connection: Connection) -> Counted:
    """How far it is."""
    last, messages = _last(connection)
    until = select(FACTS.c.accepted_ms).where(FACTS.c.seq <= last).order_by(FACTS.c.seq.desc()).limit(1)
    behind = select(func.count()).where(FACTS.c.seq > last)
    return Counted(messages, connection.execute(until).scalar() or 0, connection.execute(behind).scalar_one())


def count_up(connection: Connection, *, limit: int) -> None:
    """Count the next messages, at most `limit`, in this one writing transaction."""
    last, messages = _last(connection)
    following = select(FACTS.c.seq).where(FACTS.c.seq > last).order_by(FACTS.c.seq).limit(limit)
    seqs = [int(seq) for (seq,) in connection.execute(following)]
    if not seqs:
        return
    rows = _rows(connection, last, seqs[-1])
    batch = _before(connection, rows)
    for kind, subject, message in rows:
        data = message["data"]
        if not isinstance(data, dict):
            continue
        if kind in _DOCUMENT_KINDS:
            _document(batch, kind, message, data)
        else:
            learn(batch.dossiers.setdefault(subject, {}), kind, data)
    _save(connection, batch)
    connection.execute(delete(TALLY))
    connection.execute(insert(TALLY).values(seq=seqs[-1], messages=messages + len(seqs)))


def agencies(connection: Connection, start: date, end: date) -> list[AgencyRow]:
    """A row for each agency within these days, the busiest first, and the total at the end."""
    rows = TALLY_AGENCIES.c
    sums = [func.coalesce(func.sum(rows[name]), 0) for name in _COUNTS]
    within = rows.day.between(start.toordinal(), end.toordinal())
    wanted = select(rows.agency, func.max(rows.name), *sums).where(within).group_by(rows.agency)
    found = [
        AgencyRow(agency, name, *map(int, counts)) for agency, name, *counts in connection.execute(wanted)
    ]
    found.sort(key=lambda row: (-row.sent - row.received, row.id))
    total = AgencyRow("", "", *(sum(getattr(row, name) for row in found) for name in _COUNTS))
    return [*found, total]


def dossier_form(connection: Connection, start: date, end: date) -> Sequence[Row]:
    """Form 06a: the database groups the dossiers by what the form asks of their days, and the form counts the groups."""
    begin, last, rows = start.toordinal(), end.toordinal(), TALLY_DOSSIERS.c
    # A dossier that was taken up again has ended once, and is open.
    ended_within = rows.ended.between(begin, last) & rows.state.in_(RESOLVED | RETURNED)
    due = case(
        (rows.due.is_(None), None),
        (
            ended_within,
            case((rows.due < rows.ended, begin - 1), (rows.due == rows.ended, begin), else_=begin + 1),
        ),
        (rows.due < last, last - 1),
        else_=last,
    )
    keys = (rows.unit, rows.field, rows.channel, rows.state)
    days = (_within(rows.received, begin, last), due, _within(rows.ended, begin, last))
    wanted = select(*keys, *days, func.count()).where(rows.received.is_not(None)).group_by(*keys, *days)
    return form_06a_of(
        (
            (
                Case("", unit, name, channel, _noon(came), due and _noon(due), ended and _noon(ended), state),
                number,
            )
            for unit, name, channel, state, came, due, ended, number in connection.execute(wanted)
        ),
        start,
        end,
    )


def procedures(connection: Connection) -> tuple[int, int]:
    """How many procedures were published, and how many of them arrived."""
    names = read_names(connection)
    kinds = [code for code, name in names.types.items() if name == "procedure.published"]
    arrived = names.standing_codes(lambda standing: standing.state == "delivered")
    distinct = select(func.count(MESSAGES.c.subject.distinct())).join(FACTS, FACTS.c.seq == MESSAGES.c.seq)
    published = distinct.where(FACTS.c.type.in_(kinds))
    synchronized = published.where(FACTS.c.standing.in_(arrived))
    return connection.execute(published).scalar_one(), connection.execute(synchronized).scalar_one()


_COUNTS = ("sent", "received", "signed", "electronic")


def _within(column: ColumnElement[int], begin: int, last: int) -> ColumnElement[int]:
    """Before the period, after it, or in it: the form asks no more."""
    return case((column < begin, begin - 1), (column > last, last + 1), (column.is_(None), None), else_=begin)


def _noon(day: int) -> datetime:
    return datetime.combine(date.fromordinal(day), time(12), VIETNAM)


def _day(moment: datetime | None) -> int | None:
    return None if moment is None else moment.astimezone(VIETNAM).date().toordinal()


def _last(connection: Connection) -> tuple[int, int]:
    row = connection.execute(select(TALLY.c.seq, TALLY.c.messages)).first()
    return (row.seq, row.messages) if row else (0, 0)


def _rows(connection: Connection, after: int, until: int) -> list[tuple[str, str, _Facts]]:
    """(type, subject, message) of what is counted, in order."""
    kinds = {
        code: name
        for code, name in read_names(connection).types.items()
        if name in {*_DOCUMENT_KINDS, *DOSSIER_KINDS}
    }
    wanted = (
        select(FACTS.c.type, MESSAGES.c.subject, MESSAGES.c.body)
        .join(MESSAGES, FACTS.c.seq == MESSAGES.c.seq)
        .where(FACTS.c.type.in_(kinds), FACTS.c.seq > after, FACTS.c.seq <= until)
        .order_by(FACTS.c.seq)
    )
    return [(kinds[kind], subject, from_json(body)) for kind, subject, body in connection.execute(wanted)]


def _before(connection: Connection, rows: Sequence[tuple[str, str, _Facts]]) -> _Batch:
    """What is known of the documents and dossiers that the batch is about."""
    batch = _Batch()
    ids = {_document_id(kind, message) for kind, _, message in rows if kind in _DOCUMENT_KINDS}
    for some in chunks(sorted(ids)):
        of_these = select(TALLY_DOCUMENTS).where(TALLY_DOCUMENTS.c.document_id.in_(some))
        for one in connection.execute(of_these).mappings():
            batch.documents[one["document_id"]] = dict(one)
    for some in chunks(sorted({subject for kind, subject, _ in rows if kind in DOSSIER_KINDS})):
        of_these = select(TALLY_DOSSIERS.c.code, TALLY_DOSSIERS.c.facts).where(
            TALLY_DOSSIERS.c.code.in_(some)
        )
        batch.dossiers |= {code: from_json(facts) for code, facts in connection.execute(of_these)}
    return batch


def _document_id(kind: str, message: _Facts) -> str:
    data = message["data"]
    name = "document_id" if kind == "document.issued" else "concerns"
    return str(data.get(name)) if isinstance(data, dict) else ""


def _document(batch: _Batch, kind: str, message: _Facts, data: Mapping[str, JsonValue]) -> None:
    """A document counts once, where it was first issued; that paper follows may be said before that, or later."""
    document_id = _document_id(kind, message)
    known = batch.documents.get(document_id)
    if kind == "document.issued" and (known is None or not known["day"]):
        fact = fact_of(message, data)
        day, paper = (
            fact.at.astimezone(VIETNAM).date().toordinal(),
            bool(known) or bool(data.get("paper_follows")),
        )
        batch.documents[document_id] = {
            "document_id": document_id, "day": day, "issuer": fact.issuer, "signed": fact.signed, "paper": paper
        }  # fmt: skip
        row = batch.agencies.setdefault((day, fact.issuer), AgencyRow(fact.issuer, fact.issuer_name))
        row.sent, row.signed = row.sent + 1, row.signed + fact.signed
        row.electronic += fact.signed and not paper
        for agency, name in fact.receivers:
            batch.agencies.setdefault((day, agency), AgencyRow(agency, name)).received += 1
    elif data.get("paper_follows") and known is None:
        batch.documents[document_id] = {
            "document_id": document_id, "day": 0, "issuer": "", "signed": False, "paper": True
        }  # fmt: skip
    elif data.get("paper_follows") and known is not None and not known["paper"]:
        known["paper"] = True
        issuer = str(known["issuer"])
        row = batch.agencies.setdefault((int(str(known["day"])), issuer), AgencyRow(issuer, ""))
        row.electronic -= bool(known["signed"])


def _save(connection: Connection, batch: _Batch) -> None:
    """In place of what was known before."""
    for some in chunks(batch.documents):
        connection.execute(delete(TALLY_DOCUMENTS).where(TALLY_DOCUMENTS.c.document_id.in_(some)))
    if batch.documents:
        connection.execute(insert(TALLY_DOCUMENTS), list(batch.documents.values()))
    for some in chunks(batch.dossiers):
        connection.execute(delete(TALLY_DOSSIERS).where(TALLY_DOSSIERS.c.code.in_(some)))
    if batch.dossiers:
        connection.execute(insert(TALLY_DOSSIERS), [_dossier(*one) for one in batch.dossiers.items()])
    _add(connection, batch.agencies)


def _add(connection: Connection, changes: Mapping[tuple[int, str], AgencyRow]) -> None:
    rows = TALLY_AGENCIES.c
    for days in _sliced({day for day, _ in changes}):
        before = {
            (row.day, row.agency): row
            for row in connection.execute(select(TALLY_AGENCIES).where(rows.day.in_(days)))
        }
        changed = {key: change for key, change in changes.items() if key[0] in days}
        for day in days:
            names = [agency for of, agency in changed if of == day]
            for some in chunks(names):
                connection.execute(delete(TALLY_AGENCIES).where(rows.day == day, rows.agency.in_(some)))
        connection.execute(
            insert(TALLY_AGENCIES),
            [
                {
                    "day": key[0],
                    "agency": key[1],
                    "name": change.name or (before[key].name if key in before else ""),
                    **{
                        name: getattr(change, name) + (getattr(before[key], name) if key in before else 0)
                        for name in _COUNTS
                    },
                }
                for key, change in changed.items()
            ],
        )


def _sliced(days: Iterable[int]) -> Iterable[list[int]]:
    rest = iter(sorted(days))
    return iter(lambda: list(islice(rest, 100)), [])


def _dossier(code: str, facts: Mapping[str, JsonValue]) -> dict[str, object]:
    """`received` None: nobody has said yet that it was accepted, so that it does not count."""
    known = case_of(code, facts) if "accepted_at" in facts else None
    return {
        "code": code,
        "unit": known.unit if known else "",
        "field": known.field if known else "",
        "channel": known.channel if known else "",
        "received": _day(known.received_at) if known else None,
        "due": _day(known.due_at) if known else None,
        "ended": _day(known.ended_at) if known else None,
        "state": known.state if known else "",
        "facts": to_json(facts).decode(),
    }
