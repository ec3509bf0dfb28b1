"""What was delivered to a system, for reconciling."""

from collections.abc import Iterator, Sequence
from itertools import islice

from pydantic_core import from_json
from sqlalchemy import Connection, select

from lgsp.message import Message
from lgsp.store.append import journeys_of
from lgsp.store.names import read_names
from lgsp.store.records import StoredDelivery
from lgsp.store.standing import StepRow, last_receipt
from lgsp.store.tables import FACTS, MESSAGES

__all__ = ["deliveries"]

_PAGE = 500


def deliveries(
    connection: Connection, system: str, *, since_ms: int, after: int, limit: int
) -> Sequence[StoredDelivery]:
    """In the order of acceptance, each message once with its last receipt."""
    return list(islice(_deliveries(connection, system, since_ms, after), limit))


def _deliveries(connection: Connection, system: str, since_ms: int, after: int) -> Iterator[StoredDelivery]:
    delivered = read_names(connection).standing_codes(
        lambda one: any(name == system and state == "delivered" for name, state, _ in one.systems)
    )
    rows = FACTS.c
    wanted = select(rows.seq).where(rows.standing.in_(delivered), rows.last_ms >= since_ms)
    while True:
        page = wanted.where(rows.seq > after).order_by(rows.seq).limit(_PAGE)
        seqs = [seq for (seq,) in connection.execute(page)]
        if not seqs:
            return
        after = seqs[-1]
        journeys = journeys_of(connection, seqs)
        for seq in seqs:
            receipt = last_receipt(journeys[seq], system)
            if receipt is not None and receipt.at_ms >= since_ms:
                yield _delivery(connection, seq, receipt, journeys[seq])


def _delivery(
    connection: Connection, seq: int, receipt: StepRow, journey: Sequence[StepRow]
) -> StoredDelivery:
    body = connection.execute(select(MESSAGES.c.body).where(MESSAGES.c.seq == seq)).scalar_one()
    message = Message.model_validate(from_json(body))
    return StoredDelivery(
        seq, message, receipt.at_ms, receipt.detail, _organizations(journey, receipt.system)
    )


def _organizations(journey: Sequence[StepRow], system: str) -> tuple[str, ...]:
    """For whom it was routed there; a remark may follow behind a semicolon."""
    routed = [row.detail for row in journey if row.step == "routed" and row.system == system]
    return tuple(filter(None, routed[-1].partition(";")[0].split(","))) if routed else ()
