"""Counts over the store: the law, and what flowed when; and forgetting what is old and settled."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from lgsp.store.database import chunks
from lgsp.store.names import Names, read_names
from lgsp.store.standing import ENDED, Standing
from lgsp.store.tables import EARLY, FACTS, MESSAGES, STEPS, WORDS

__all__ = ["Flow", "Recount", "SystemCount", "flows", "prune", "recount", "waiting_since"]

_NAMED = 1000
"""So many messages are named at most; the counts are whole."""


@dataclass(frozen=True, slots=True)
class SystemCount:
    """How the messages routed to one system stand. `under_way` are routed, being retried or replayed, and not yet settled."""

    system: str
    routed: int
    delivered: int
    dead: int
    expired: int
    discarded: int
    under_way: int


@dataclass(frozen=True, slots=True)
class Recount:
    """Counts over all messages that the store holds.

    `unrouted` were accepted and are in no system's count: still in the inbox, expired there, or dead for want of a route.
    `unfinished` and `doubled` name messages as (message id, system), at most a thousand of each; doubled ones were delivered more often
    than once and the times that they were replayed.
    """

    accepted: int
    by_state: dict[str, int]
    unrouted: int
    systems: tuple[SystemCount, ...]
    unfinished: tuple[tuple[str, str], ...]
    doubled: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """So many messages of one source and type stand in the same way; `systems` are (system, state) of those that they were routed to."""

    source: str
    type: str
    state: str
    systems: tuple[tuple[str, str], ...]
    messages: int


def flows(connection: Connection, *, since_ms: int, until_ms: int) -> Sequence[Flow]:
    """What was accepted in a span of time, `until_ms` excluded."""
    rows, names = FACTS.c, read_names(connection)
    together = (rows.source, rows.type, rows.standing)
    span = (rows.accepted_ms >= since_ms, rows.accepted_ms < until_ms)
    return [
        Flow(
            names.sources[source],
            names.types[kind],
            names.standings[standing].state,
            tuple((system, state) for system, state, _ in names.standings[standing].systems),
            count,
        )
        for source, kind, standing, count in connection.execute(
            select(*together, func.count()).where(*span).group_by(*together)
        )
    ]


def waiting_since(connection: Connection) -> Mapping[str, int]:
    """Of each system that has yet to take something: when the oldest of it was accepted, in milliseconds."""
    names, rows = read_names(connection), FACTS.c
    codes = names.standing_codes(lambda standing: bool(_unfinished(standing)))
    wanted = (
        select(rows.standing, func.min(rows.accepted_ms))
        .where(rows.standing.in_(codes))
        .group_by(rows.standing)
    )
    oldest: dict[str, int] = {}
    for code, accepted_ms in connection.execute(wanted) if codes else ():
        for system in _unfinished(names.standings[code]):
            oldest[system] = min(accepted_ms, oldest.get(system, accepted_ms))
    return oldest


def recount(connection: Connection) -> Recount:
    """Count."""
    names = read_names(connection)
    counted = select(FACTS.c.standing, func.count()).group_by(FACTS.c.standing)
    counts = [(names.standings[code], count) for code, count in connection.execute(counted)]
    by_state: Counter[str] = Counter()
    by_system: dict[str, Counter[str]] = {}
    for standing, count in counts:
        by_state[standing.state] += count
        for system, state, _ in standing.systems:
            by_system.setdefault(system, Counter())[state] += count
    return Recount(
        accepted=by_state.total(),
        by_state=dict(by_state),
        unrouted=sum(count for standing, count in counts if not standing.systems),
        systems=tuple(_system(system, found) for system, found in sorted(by_system.items())),
        unfinished=tuple(_named(connection, names, _unfinished)),
        doubled=tuple(_named(connection, names, _doubled)),
    )


def _unfinished(standing: Standing) -> list[str]:
    open_systems = [system for system, state, _ in standing.systems if state not in ENDED]
    return open_systems + ([""] if standing.state == "accepted" else [])


def _doubled(standing: Standing) -> list[str]:
    return [system for system, _, doubled in standing.systems if doubled]


def _named(
    connection: Connection, names: Names, systems_of: Callable[[Standing], list[str]]
) -> Iterator[tuple[str, str]]:
    """(message id, system) for what the standings name."""
    codes = names.standing_codes(lambda standing: bool(systems_of(standing)))
    wanted = select(FACTS.c.seq, FACTS.c.standing).where(FACTS.c.standing.in_(codes)).limit(_NAMED)
    standings = {seq: names.standings[code] for seq, code in connection.execute(wanted)} if codes else {}
    for some in chunks(standings):
        named = select(MESSAGES.c.seq, MESSAGES.c.message_id).where(MESSAGES.c.seq.in_(some))
        for seq, message_id in connection.execute(named.order_by(MESSAGES.c.seq)):
            yield from ((message_id, system) for system in systems_of(standings[seq]))


def _system(system: str, found: Counter[str]) -> SystemCount:
    return SystemCount(
        system=system,
        routed=found.total(),
        delivered=found["delivered"],
        dead=found["dead"],
        expired=found["expired"],
        discarded=found["discarded"],
        under_way=sum(count for state, count in found.items() if state not in ENDED),
    )


def prune(connection: Connection, *, before_ms: int, limit: int) -> int:
    """The oldest first; a message that is not settled stays, whatever its age. SQLite's index keeps their words, which find nothing."""
    settled = read_names(connection).standing_codes(lambda one: one.state in ENDED)
    # The newest stays, so that no number is given twice.
    newest = select(func.max(FACTS.c.seq)).scalar_subquery()
    found = connection.execute(
        select(FACTS.c.seq)
        .where(FACTS.c.accepted_ms < before_ms, FACTS.c.standing.in_(settled), FACTS.c.seq != newest)
        .order_by(FACTS.c.seq)
        .limit(limit)
    )
    going = [int(seq) for (seq,) in found]
    for some in chunks(going):
        for table in (STEPS, FACTS, MESSAGES):
            connection.execute(delete(table).where(table.c.seq.in_(some)))
        if connection.dialect.name != "sqlite":
            connection.execute(delete(WORDS).where(WORDS.c.seq.in_(some)))
    connection.execute(delete(EARLY).where(EARLY.c.at_ms < before_ms))
    return len(going)
