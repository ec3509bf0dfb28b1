"""What was delivered to one system, for those who want to account for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import from_json
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from lgsp.message import Message
from lgsp.store.tables import JOURNAL, MESSAGES

__all__ = ["StoredDelivery", "deliveries"]


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A message with what its receiver answered. `seq` orders deliveries; `organizations` are those that it was delivered for."""

    seq: int
    message: Message
    at_ms: int
    reference: str
    organizations: tuple[str, ...]


async def deliveries(
    connection: AsyncConnection, system: str, *, since_ms: int, after: int, limit: int
) -> Sequence[StoredDelivery]:
    """In the order of their first delivery, each message once, with its last receipt."""
    # The first delivery orders them: one that is just being sent again must not seem to come after what followed it.
    last = (
        select(func.min(JOURNAL.c.seq).label("first"), func.max(JOURNAL.c.seq).label("seq"))
        .where(JOURNAL.c.step == "delivered", JOURNAL.c.system == system, JOURNAL.c.at_ms >= since_ms)
        .group_by(JOURNAL.c.message_id)
        .subquery()
    )
    routed = (
        select(JOURNAL.c.message_id, func.max(JOURNAL.c.detail).label("detail"))
        .where(JOURNAL.c.step == "routed", JOURNAL.c.system == system)
        .group_by(JOURNAL.c.message_id)
        .subquery()
    )
    wanted = (
        select(last.c.first, JOURNAL.c.at_ms, JOURNAL.c.detail, MESSAGES.c.body, routed.c.detail)
        .join(last, last.c.seq == JOURNAL.c.seq)
        .join(MESSAGES, MESSAGES.c.message_id == JOURNAL.c.message_id)
        .outerjoin(routed, and_(routed.c.message_id == JOURNAL.c.message_id))
        .where(last.c.first > after)
        .order_by(last.c.first)
        .limit(limit)
    )
    found = await connection.execute(wanted)
    return [
        StoredDelivery(
            seq, Message.model_validate(from_json(body)), at_ms, reference, _organizations(for_whom)
        )
        for seq, at_ms, reference, body, for_whom in found
    ]


def _organizations(detail: str | None) -> tuple[str, ...]:
    """A remark may follow behind a semicolon."""
    return tuple(filter(None, (detail or "").partition(";")[0].split(",")))
