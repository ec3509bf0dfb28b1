"""Reconciliation (đối soát): does each system hold what was delivered to it? What it does not hold is sent again, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lgsp.adapter import Accounts, Delivered
from lgsp.bus import Bus
from lgsp.clock import VIETNAM
from lgsp.errors import NotFoundError
from lgsp.store import MessageStore, StoredDelivery

__all__ = ["Missing", "Reconciler", "Reconciliation"]

PAGE = 5000
"""Large enough that a dossier's or document's messages are judged together."""

MOST = 100_000
"""Deliveries that one run looks at."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A delivered message that its receiver does not hold; `reason` says what the receiver has instead."""

    message_id: str
    kind: str
    subject: str
    delivered_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How a run ended. `compared` counts deliveries, `mended` what was sent again."""

    system: str
    compared: int
    missing: tuple[Missing, ...]
    mended: int = 0


class Reconciler:
    """Compares what the message store knows with what a system says that it holds."""

    def __init__(self, bus: Bus, store: MessageStore) -> None:
        self._bus = bus
        self._store = store

    async def run(self, system: str, *, since: timedelta, mend: bool) -> Reconciliation:
        """Go through the deliveries of that time, oldest first.

        Raises:
            NotFoundError: no such system, or one that can't be asked what it holds.
            TransientError, RejectedError: the system does not answer.
        """
        adapter = self._adapter(system)
        since_ms = int((self._bus.parts.clock.now() - since).timestamp() * 1000)
        compared, mended, after = 0, 0, 0
        missing: list[Missing] = []
        while compared < MOST:
            page = await self._store.deliveries(system, since_ms=since_ms, after=after, limit=PAGE)
            if not page:
                break
            compared, after = compared + len(page), page[-1].seq
            reasons = await adapter.missing([_delivered(each) for each in page])
            lacking = [each for each in page if each.message.id in reasons]
            missing += [_missing(each, reasons) for each in lacking]
            mended += await self._mend(system, lacking) if mend else 0
        return Reconciliation(system, compared, tuple(missing), mended)

    def _adapter(self, system: str) -> Accounts:
        adapter = self._bus.parts.adapters.get(system)
        if isinstance(adapter, Accounts):
            return adapter
        able = sorted(name for name, each in self._bus.parts.adapters.items() if isinstance(each, Accounts))
        raise NotFoundError(f"{system!r} can't be reconciled; systems that can: {', '.join(able) or 'none'}")

    async def _mend(self, system: str, lacking: Sequence[StoredDelivery]) -> int:
        for each in lacking:
            await self._bus.send_again(each.message, system, each.organizations)
        return len(lacking)


def _delivered(stored: StoredDelivery) -> Delivered:
    return Delivered(stored.message, stored.organizations, stored.reference, stored.at_ms)


def _missing(stored: StoredDelivery, reasons: Mapping[str, str]) -> Missing:
    message = stored.message
    at = datetime.fromtimestamp(stored.at_ms / 1000, tz=VIETNAM).isoformat(timespec="seconds")
    return Missing(message.id, message.kind, message.subject, at, reasons[message.id])
