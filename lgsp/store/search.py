"""A query as a SELECT."""

from collections.abc import Sequence, Set

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    column,
    exists,
    false,
    or_,
    select,
    table,
    text,
    union,
)

from lgsp.store.records import MessageQuery, StoredMessage, party_word, words_of
from lgsp.store.tables import MESSAGES, PARCELS, WORDS

__all__ = ["SHOWN", "known_under", "related", "search_for"]

SHOWN = tuple(MESSAGES.c[name] for name in StoredMessage.__dataclass_fields__)
_INDEX = table("words", column("rowid"))


def search_for(query: MessageQuery, dialect: str) -> Select[tuple[object, ...]]:
    """Newest first."""
    wanted = select(*SHOWN).where(*_conditions(query)).limit(query.limit)
    if query.state not in {None, "delivered"} and not (query.text or query.sender or query.recipient):
        # The planner does not know how rare these states are.
        wanted = wanted.with_hint(MESSAGES, "INDEXED BY messages_state", "sqlite")
    *whole, last = words_of(query.text or "") or [""]
    parties = (("from", query.sender), ("to", query.recipient))
    whole += [party_word(role, organization) for role, organization in parties if organization]
    if not whole and not last:
        nothing = [false()] if (query.text or "").strip() else []
        return wanted.where(*nothing).order_by(MESSAGES.c.seq.desc())
    if dialect != "sqlite":
        return wanted.where(_contained([*whole, last])).order_by(MESSAGES.c.seq.desc())
    # Every word must be there; the last one of the text may be a beginning. The index gives the newest first by itself.
    terms = " ".join([f'"{word}"' for word in whole] + ([f'"{last}"*'] if last else []))
    matching = wanted.join(_INDEX, _INDEX.c.rowid == MESSAGES.c.seq).where(text("words MATCH :terms"))
    if query.after is not None:
        matching = matching.where(_INDEX.c.rowid < query.after)
    return matching.order_by(_INDEX.c.rowid.desc()).params(terms=terms)


def known_under(key: str, limit: int) -> CompoundSelect[tuple[str, str]]:
    """(subject, correlation id) of what has that message id, subject, correlation id or number; each by its own index."""
    rows = MESSAGES.c
    pair = select(rows.subject, rows.correlation_id)
    return union(
        pair.where(rows.message_id == key),
        pair.where(rows.subject == key),
        pair.where(rows.correlation_id == key, rows.correlation_id != text("''")),
        pair.where(rows.number == key, rows.number != text("''")),
    ).limit(limit)


def related(subjects: Set[str], correlations: Set[str]) -> CompoundSelect[tuple[int]]:
    """The `seq` of every message about these subjects, or in these conversations."""
    rows = MESSAGES.c
    return union(
        select(rows.seq).where(rows.subject.in_(subjects)),
        select(rows.seq).where(
            rows.correlation_id.in_(correlations | subjects), rows.correlation_id != text("''")
        ),
    )


def _contained(words: Sequence[str]) -> ColumnElement[bool]:
    each = and_(*(WORDS.c.folded.contains(word, autoescape=True) for word in words if word))
    return MESSAGES.c.seq.in_(select(WORDS.c.seq).where(each))


def _conditions(query: MessageQuery) -> list[ColumnElement[bool]]:
    rows = MESSAGES.c
    bounds = (
        (rows.seq < query.after) if query.after is not None else None,
        (rows.accepted_ms >= query.since_ms) if query.since_ms is not None else None,
        (rows.accepted_ms < query.until_ms) if query.until_ms is not None else None,
    )
    found = [bound for bound in bounds if bound is not None]
    if query.type and query.type.endswith(".*"):
        found.append(rows.type.startswith(query.type[:-1], autoescape=True))
    elif query.type:
        found.append(rows.type == query.type.removeprefix("vn.lgsp."))
    if query.state:
        found.append(rows.state == query.state)
    if query.state not in {None, "delivered"}:  # as the partial index wants to read it
        found.append(rows.state != text("'delivered'"))
    if query.system:
        went_there = exists().where(PARCELS.c.system == query.system, PARCELS.c.seq == rows.seq)
        found.append(or_(rows.source == f"/systems/{query.system}", went_there))
    return found
