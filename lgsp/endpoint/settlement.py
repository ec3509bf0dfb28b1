"""What a delivery's outcome writes: the journal's step, and the dead letter."""

from collections.abc import Sequence
from typing import assert_never

from lgsp.channels import DeadEntry, Keys, OutEntry, Transaction
from lgsp.outcome import DeadLetter, Delivered, Early, Expired, Outcome, RetryLater

__all__ = ["Ledger"]


class Ledger:
    """Names and writes for one system in one partition."""

    def __init__(self, keys: Keys, partition: int, system: str) -> None:
        self._keys = keys
        self._partition = partition
        self._system = system
        self._stream = keys.out(partition, system)
        self.held = keys.held(partition, system)

    def parked(self, subject: str) -> str:
        """The list of a held subject's messages."""
        return self._keys.parked(self._partition, self._system, subject)

    def take_out(self, hop: Transaction, entries: Sequence[OutEntry]) -> None:
        """They leave the stream, and a large body that lies beside it is not needed for this system any more."""
        hop.acknowledge(self._stream, [entry.entry_id for entry in entries])
        for entry in entries:
            if entry.kept:
                hop.let_go(self._keys.body(self._partition, entry.kept), self._system)

    def record(self, hop: Transaction, entry: OutEntry, outcome: Outcome, now_ms: int) -> None:
        """Write down how it ended; a dead letter goes to its channel in the same hop."""
        match outcome:
            case Delivered(reference):
                hop.journal("delivered", entry.message_id, now_ms, system=self._system, detail=reference)
            case RetryLater(reason) | Early(reason):
                hop.journal("retrying", entry.message_id, now_ms, system=self._system, detail=reason)
            case Expired():
                hop.journal("expired", entry.message_id, now_ms, system=self._system)
            case DeadLetter(reason, code, attempts):
                dead = DeadEntry(
                    id="",
                    message_id=entry.message_id,
                    subject=entry.subject,
                    system=self._system,
                    organizations=entry.organizations,
                    code=code,
                    reason=reason,
                    attempts=attempts or entry.attempt,
                    at_ms=now_ms,
                    body=entry.body,
                    order=entry.order,
                )
                hop.add(self._keys.dead(self._partition), dead.to_fields())
                hop.journal("dead", entry.message_id, now_ms, system=self._system, detail=reason)
            case _:
                assert_never(outcome)
