"""Reconciliation (đối soát): does each system hold what it was to get? What it does not hold is sent again, in order."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from lgsp.adapter import Accounts, Delivered
from lgsp.bus import Bus
from lgsp.channels import DeadEntry
from lgsp.clock import VIETNAM
from lgsp.dead_letters import DeadFilter, DeadLetters
from lgsp.errors import InvalidMessageError, NotFoundError
from lgsp.store import MessageStore, StoredDelivery

__all__ = ["Missing", "Reconciler", "Reconciliation"]

PAGE = 5000
"""Large enough that a dossier's or document's messages are judged together."""

MOST = 100_000
"""Deliveries that one run looks at."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A message that its receiver does not hold. `reason` says what the receiver has instead, or why it could not be delivered."""

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
    """Compares what the message store knows with what a system says that it holds; with `desk`, its dead letters are missing too."""

    def __init__(self, bus: Bus, store: MessageStore, desk: DeadLetters | None = None) -> None:
        self._bus = bus
        self._store = store
        self._desk = desk

    async def run(self, system: str, *, since: timedelta, mend: bool) -> Reconciliation:
        """Go through the deliveries of that time, oldest first.

        Raises:
            NotFoundError: no such system, or one that can't be asked what it holds.
            TransientError, RejectedError: the system does not answer.
        """
        adapter = self._adapter(system)
        since_ms = int((self._bus.parts.clock.now() - since).timestamp() * 1000)
        compared, after = 0, 0
        missing, mended = await self._dead(system, since_ms, mend=mend)
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

    async def _dead(self, system: str, since_ms: int, *, mend: bool) -> tuple[list[Missing], int]:
        """What could not be delivered; it goes first, since what followed it was judged without it."""
        if self._desk is None:
            return [], 0
        page = await self._desk.page(DeadFilter(system=system), limit=MOST)
        found = [entry for entry in page.entries if entry.at_ms >= since_ms]
        again = 0
        for entry in found if mend else ():
            # Somebody may have replayed it meanwhile, or its system or schema is another now: then it stays missing.
            with suppress(NotFoundError, InvalidMessageError):
                await self._desk.replay(entry.id, detail="reconcile")
                again += 1
        return [_undelivered(entry) for entry in found], again

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


def _undelivered(entry: DeadEntry) -> Missing:
    reason = f"dead letter {entry.id}: {entry.reason}"
    return Missing(entry.message_id, entry.kind, entry.subject, _iso(entry.at_ms), reason)


def _missing(stored: StoredDelivery, reasons: Mapping[str, str]) -> Missing:
    message = stored.message
    return Missing(message.id, message.kind, message.subject, _iso(stored.at_ms), reasons[message.id])


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=VIETNAM).isoformat(timespec="seconds")
