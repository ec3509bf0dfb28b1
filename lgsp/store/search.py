"""What people look for: lists, one message, and everything about a document or dossier."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Select, column, func, select, table, text

from lgsp.store.append import journeys_of
from lgsp.store.database import chunks
from lgsp.store.names import Names, read_names
from lgsp.store.records import MessageQuery, StoredMessage, StoredStep, TracedMessage, exact_word, words_of
from lgsp.store.tables import FACTS, MESSAGES, WORDS

__all__ = ["bodies", "find", "search", "trace"]

_MAX_TRACED = 1000
_KNOWN = 500
_TERMS = 100
_INDEX = table("words", column("rowid"))
_COLUMNS = tuple(name for name in StoredMessage.__dataclass_fields__ if name not in {"state", "accepted_ms"})
_SHOWN = (*(MESSAGES.c[name] for name in _COLUMNS), FACTS.c.accepted_ms, FACTS.c.standing)


def search(connection: Connection, query: MessageQuery) -> tuple[StoredMessage, ...]:
    """Newest first."""
    names = read_names(connection)
    words = _words(query)
    if words is None:
        return ()
    wanted = select(FACTS.c.seq).where(*_conditions(query, names))
    if words:
        wanted = _matching(connection, wanted, " ".join(words), ascending=False)
        if query.after is not None and connection.dialect.name == "sqlite":
            wanted = wanted.where(_INDEX.c.rowid < query.after)
    else:
        # By its time, a message is mostly, but not always, where its number is.
        wanted = wanted.with_hint(FACTS, "NOT INDEXED", "sqlite").order_by(FACTS.c.seq.desc())
    seqs = [seq for (seq,) in connection.execute(wanted.limit(query.limit))]
    return tuple(sorted(_shown(connection, seqs, names), key=lambda one: -one.seq))


def find(connection: Connection, message_id: str) -> tuple[TracedMessage, dict[str, JsonValue]] | None:
    """One message with its journey and its whole JSON."""
    wanted = select(MESSAGES.c.seq, MESSAGES.c.body).where(MESSAGES.c.message_id == message_id)
    row = connection.execute(wanted.order_by(MESSAGES.c.seq).limit(1)).first()
    if row is None:
        return None
    (traced,) = _traced(connection, [row.seq])
    return traced, from_json(row.body)


def bodies(connection: Connection, seqs: Sequence[int]) -> Mapping[int, bytes]:
    """The messages' JSON by `seq`."""
    wanted = select(MESSAGES.c.seq, MESSAGES.c.body)
    return {
        int(seq): bytes(body)
        for chunk in chunks(seqs)
        for seq, body in connection.execute(wanted.where(MESSAGES.c.seq.in_(chunk)))
    }


def trace(connection: Connection, key: str) -> tuple[TracedMessage, ...]:
    """Everything of the subjects and conversations that have to do with `key`, oldest first."""
    pair = select(MESSAGES.c.subject, MESSAGES.c.correlation_id)
    pairs = {tuple(row) for row in connection.execute(pair.where(MESSAGES.c.message_id == key))}
    under = {"subject": "about", "correlation_id": "with", "number": "number"}
    for row in _having(connection, [(role, name, key) for name, role in under.items()], _KNOWN):
        pairs.add((row.subject, row.correlation_id))
    if not pairs:
        return ()
    subjects = {subject for subject, _ in pairs}
    conversations = {one for _, one in pairs if one} | subjects
    wanted = [("about", "subject", one) for one in sorted(subjects)]
    wanted += [("with", "correlation_id", one) for one in sorted(conversations)]
    seqs = sorted({row.seq for row in _having(connection, wanted, _MAX_TRACED)})[:_MAX_TRACED]
    traced = _traced(connection, seqs)
    return tuple(sorted(traced, key=lambda one: (one.message.accepted_ms, one.message.seq)))


class _Found(NamedTuple):
    seq: int
    subject: str
    correlation_id: str
    number: str


def _having(connection: Connection, wanted: Sequence[tuple[str, str, str]], limit: int) -> Iterator[_Found]:
    """Messages with one of these values: (role of the exact word, column, value), the oldest `limit` for each hundred values."""
    exact = {(name, value) for _, name, value in wanted}
    rows = MESSAGES.c
    for some in chunks(wanted, _TERMS):
        terms = " OR ".join(f'"{exact_word(role, value)}"' for role, _, value in some)
        matching = _matching(connection, select(FACTS.c.seq), terms, ascending=True).limit(limit)
        seqs = [seq for (seq,) in connection.execute(matching)]
        columns = (rows.seq, rows.subject, rows.correlation_id, rows.number)
        for chunk in chunks(seqs):
            for row in connection.execute(select(*columns).where(rows.seq.in_(chunk))):
                found = _Found(*row)
                # Two values may share a word.
                if any((name, getattr(found, name)) in exact for _, name, _ in some):
                    yield found


def _words(query: MessageQuery) -> list[str] | None:
    """The terms that must all be there; the last word of the text may be a beginning. None where nothing can fit."""
    *whole, last = words_of(query.text or "") or [""]
    if not last and (query.text or "").strip():
        return None
    terms = [f'"{word}"' for word in whole] + ([f'"{last}"*'] if last else [])
    parties = (("from", query.sender), ("to", query.recipient))
    return terms + [f'"{exact_word(role, one)}"' for role, one in parties if one]


def _matching(
    connection: Connection, wanted: Select[tuple[int]], terms: str, *, ascending: bool
) -> Select[tuple[int]]:
    """By the index, which gives its rows in their order by itself."""
    if connection.dialect.name == "sqlite":
        found = wanted.join(_INDEX, _INDEX.c.rowid == FACTS.c.seq).where(text("words MATCH :terms"))
        order = _INDEX.c.rowid if ascending else _INDEX.c.rowid.desc()
        return found.order_by(order).params(terms=terms)
    # The same terms in PostgreSQL's words.
    asked = terms.replace('"*', ":*").replace('"', "").replace(" OR ", " | ").replace(" ", " & ")
    asked = asked.replace(" & | & ", " | ")
    there: ColumnElement[bool] = func.to_tsvector(text("'simple'"), WORDS.c.folded).op("@@")(
        func.to_tsquery(text("'simple'"), asked)
    )
    found = wanted.join(WORDS, WORDS.c.seq == FACTS.c.seq).where(there)
    return found.order_by(FACTS.c.seq if ascending else FACTS.c.seq.desc())


def _conditions(query: MessageQuery, names: Names) -> list[ColumnElement[bool]]:
    rows = FACTS.c
    found = []
    if query.after is not None:
        found.append(rows.seq < query.after)
    if query.newer is not None:
        found.append(rows.seq > query.newer)
    if query.since_ms is not None:
        found.append(rows.accepted_ms >= query.since_ms)
    if query.until_ms is not None:
        found.append(rows.accepted_ms < query.until_ms)
    if query.type:
        wanted, _, any_below = query.type.removeprefix("vn.lgsp.").partition("*")
        fits = str.startswith if query.type.endswith(".*") and not any_below else str.__eq__
        found.append(rows.type.in_([code for code, name in names.types.items() if fits(name, wanted)]))
    if query.state:
        found.append(rows.standing.in_(names.standing_codes(lambda one: one.state == query.state)))
    if query.system:
        came = [code for code, name in names.sources.items() if name == f"/systems/{query.system}"]
        went = names.standing_codes(lambda one: any(system == query.system for system, _, _ in one.systems))
        found.append(rows.source.in_(came) | rows.standing.in_(went))
    return found


def _shown(connection: Connection, seqs: Sequence[int], names: Names) -> Iterator[StoredMessage]:
    for chunk in chunks(seqs):
        wanted = select(*_SHOWN).join(FACTS, FACTS.c.seq == MESSAGES.c.seq).where(MESSAGES.c.seq.in_(chunk))
        for *values, accepted_ms, standing in connection.execute(wanted):
            own = dict(zip(_COLUMNS, values, strict=True))
            yield StoredMessage(**own, accepted_ms=accepted_ms, state=names.standings[standing].state)


def _traced(connection: Connection, seqs: Sequence[int]) -> list[TracedMessage]:
    journeys = journeys_of(connection, seqs)
    return [
        TracedMessage(
            one, tuple(StoredStep(row.at_ms, row.step, row.system, row.detail) for row in journeys[one.seq])
        )
        for one in _shown(connection, seqs, read_names(connection))
    ]
