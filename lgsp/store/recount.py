"""The law, counted from the store; and forgetting what is old and settled."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from lgsp.store.tables import BODIES, MESSAGES, PARCELS, WORDS

__all__ = ["Recount", "SystemCount", "prune", "recount"]

_NAMED = 1000
"""So many messages are named at most; the counts are whole."""
_ENDED = ("delivered", "dead", "expired", "discarded")


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


async def recount(connection: AsyncConnection) -> Recount:
    """Count."""
    states = await connection.execute(select(MESSAGES.c.state, func.count()).group_by(MESSAGES.c.state))
    by_state = {str(state): int(count) for state, count in states}
    counts: dict[str, dict[str, int]] = {}
    grouped = select(PARCELS.c.system, PARCELS.c.state, func.count()).group_by(
        PARCELS.c.system, PARCELS.c.state
    )
    for system, state, count in await connection.execute(grouped):
        counts.setdefault(system, {})[state] = count
    routed = (await connection.execute(select(func.count(PARCELS.c.seq.distinct())))).scalar_one()
    accepted = sum(by_state.values())
    named = select(MESSAGES.c.message_id, PARCELS.c.system).join(PARCELS, PARCELS.c.seq == MESSAGES.c.seq)
    not_delivered = PARCELS.c.state != text("'delivered'")
    unfinished = await connection.execute(
        named.where(not_delivered, PARCELS.c.state.not_in(_ENDED)).limit(_NAMED)
    )
    doubled = await connection.execute(
        named.where(PARCELS.c.deliveries > PARCELS.c.replays + 1).limit(_NAMED)
    )
    waiting = await connection.execute(
        select(MESSAGES.c.message_id).where(MESSAGES.c.state == "accepted").limit(_NAMED)
    )
    return Recount(
        accepted=accepted,
        by_state=by_state,
        unrouted=accepted - routed,
        systems=tuple(_system(system, found) for system, found in sorted(counts.items())),
        unfinished=(
            *((str(message_id), "") for (message_id,) in waiting),
            *((str(one), str(system)) for one, system in unfinished),
        ),
        doubled=tuple((str(one), str(system)) for one, system in doubled),
    )


def _system(system: str, found: dict[str, int]) -> SystemCount:
    return SystemCount(
        system=system,
        routed=sum(found.values()),
        delivered=found.get("delivered", 0),
        dead=found.get("dead", 0),
        expired=found.get("expired", 0),
        discarded=found.get("discarded", 0),
        under_way=sum(count for state, count in found.items() if state not in _ENDED),
    )


async def prune(connection: AsyncConnection, *, before_ms: int, limit: int) -> int:
    """The oldest first; a message that is not settled stays, whatever its age. SQLite's index keeps their words, which find nothing."""
    found = await connection.execute(
        select(MESSAGES.c.seq)
        .where(MESSAGES.c.accepted_ms < before_ms, MESSAGES.c.state.in_(_ENDED))
        .order_by(MESSAGES.c.seq)
        .limit(limit)
    )
    going = [int(seq) for (seq,) in found]
    for start in range(0, len(going), 500):
        some = going[start : start + 500]
        for table in (PARCELS, BODIES, MESSAGES):
            await connection.execute(delete(table).where(table.c.seq.in_(some)))
        if connection.dialect.name != "sqlite":
            await connection.execute(delete(WORDS).where(WORDS.c.seq.in_(some)))
    return len(going)
