"""A query as a SELECT."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, column, exists, false, or_, select, table, text

from lgsp.store.records import MessageQuery, StoredMessage, party_word, words_of
from lgsp.store.tables import MESSAGES, PARCELS, WORDS

__all__ = ["SHOWN", "search_for"]

SHOWN = tuple(MESSAGES.c[name] for name in StoredMessage.__dataclass_fields__)
_INDEX = table("words", column("rowid"))


def search_for(query: MessageQuery, dialect: str) -> Select[tuple[object, ...]]:
    """Newest first."""
    wanted = select(*SHOWN).where(*_conditions(query)).limit(query.limit)
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
