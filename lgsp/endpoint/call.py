"""One call of a system, and what its answer means for the message and for the system's circuit."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from lgsp.adapter import Delivery, Sends
from lgsp.channels import OutEntry
from lgsp.clock import Clock
from lgsp.endpoint.waiting import Limit, until_stopped
from lgsp.errors import (
    EarlyError,
    InvalidMessageError,
    LgspError,
    RejectedError,
    TransientError,
    TriesSpentError,
)
from lgsp.message import Message, MessageReader
from lgsp.outcome import DeadLetter, Delivered, Early, Expired, Outcome, RetryLater
from lgsp.retry import Circuit, Pace, RetryPolicy

__all__ = ["Caller", "EndpointSettings", "Target"]

DRAIN_PER_S = 200.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How one system is worked. Times in seconds.

    `concurrency` calls are made side by side, and `window` messages held in memory, in each partition. A message that came before
    its predecessor waits for it at most `early_limit_s`. A system that was away gets at most `drain_per_s` messages a second from each
    worker, until nothing waits any more.
    """

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    send_timeout_s: float = 30.0
    concurrency: int = 16
    window: int = 256
    early_limit_s: float = 86_400.0
    drain_per_s: float = DRAIN_PER_S
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Target:
    """A system to deliver to; its circuit and its pace are shared by all partitions of the process.

    `waits`: it fetches, so a call has no time limit. `pace`: how fast it is called after it was away, until nothing waits any more.
    """

    system: str
    sender: Sends
    circuit: Circuit
    waits: bool = False
    pace: Pace = field(default_factory=lambda: Pace(DRAIN_PER_S))


class Caller:
    """Calls one system. Never raises for what the system or the message does: the outcome says it."""

    def __init__(
        self, target: Target, clock: Clock, settings: EndpointSettings, reader: MessageReader
    ) -> None:
        self.circuit = target.circuit
        self._system = target.system
        self._sender = target.sender
        self._waits = target.waits
        self._clock = clock
        self._settings = settings
        self._reader = reader
        self._limit = Limit(settings.send_timeout_s)

    async def attempt(self, entry: OutEntry, *signs: asyncio.Event) -> Outcome:
        """Deliver one message, unless its time is over. A system that is waited for is waited for until one of the `signs`."""
        try:
            message = self._reader.read(entry.body)
            if message.expirytime is not None and message.expired(self._clock.now()):
                return Expired()
            outcome: Outcome = await self._send(message, entry, signs)
        except EarlyError as exc:
            outcome = self._early(entry, str(exc))
        except (RejectedError, InvalidMessageError, TriesSpentError) as exc:
            outcome = DeadLetter(str(exc), exc.code, exc.attempts)
        except TransientError as exc:
            return self._failed(entry, exc)
        except TimeoutError:
            reason = f"no answer within {self._settings.send_timeout_s:g} s"
            return self._failed(entry, TransientError(reason, unanswered=True))
        except LgspError as exc:
            # Our own side is short of something (Redis, a blob): that is not the message's fault.
            return self._aside(str(exc)) if exc.can_retry else DeadLetter(str(exc), exc.code)
        except Exception as exc:
            log.exception("adapter.bug", system=self._system)
            return self._not_now(entry, f"bug in the adapter: {type(exc).__name__}: {exc}")
        self.circuit.succeeded()
        return outcome

    async def _send(
        self, message: Message, entry: OutEntry, signs: Sequence[asyncio.Event]
    ) -> Delivered | RetryLater:
        key = hashlib.sha256(f"{message.source}\n{message.id}\n{self._system}".encode()).hexdigest()[:32]
        delivery = Delivery(message, entry.organizations, entry.attempt, key)
        if self._waits:
            taken = await until_stopped(self._sender.send(delivery), *signs)
            return Delivered(taken.reference) if taken else RetryLater("stopped", 0.0, counts=False)
        receipt = await self._limit.within(self._sender.send(delivery))
        return Delivered(receipt.reference)

    def _early(self, entry: OutEntry, reason: str) -> Early | DeadLetter:
        """It waits as long again as it has waited already, so that a late predecessor is met soon and an absent one costs little."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        since_ms = entry.early_since_ms or now_ms
        waited_s = (now_ms - since_ms) / 1000
        if waited_s >= self._settings.early_limit_s:
            return DeadLetter(
                f"its predecessor did not come within {self._settings.early_limit_s:g} s: {reason}",
                EarlyError.code,
            )
        least_s = self._settings.policy.delay_s(1, self._settings.chance())
        left_s = max(self._settings.early_limit_s - waited_s, least_s)
        return Early(reason, min(max(waited_s, least_s), left_s), since_ms)

    def _failed(self, entry: OutEntry, error: TransientError) -> RetryLater | DeadLetter:
        """Where it is the system's fault, the message waits and loses none of its tries."""
        reason, was_open = str(error), self.circuit.is_open
        if error.system_down:
            self.circuit.failed(reason, error.retry_after_s or 0.0)
            outcome = RetryLater(reason, 0.0, counts=False)
        elif error.unanswered and self.circuit.unanswered(entry.subject, reason):
            outcome = self._aside(reason)
        else:
            answered = not error.unanswered
            return self._not_now(entry, reason, answered=answered, wait_s=error.retry_after_s)
        if not was_open:
            log.warning("system.down", system=self._system, reason=reason)
        return outcome

    def _aside(self, reason: str) -> RetryLater:
        """Later, behind the others, with none of its tries lost."""
        return RetryLater(reason, self._settings.policy.delay_s(1, self._settings.chance()), counts=False)

    def _not_now(
        self, entry: OutEntry, reason: str, *, answered: bool = True, wait_s: float | None = None
    ) -> RetryLater | DeadLetter:
        if answered:
            self.circuit.succeeded()
        if self._settings.policy.is_spent(entry.attempt):
            spent = TriesSpentError(reason, entry.attempt)
            return DeadLetter(str(spent), spent.code)
        backoff_s = self._settings.policy.delay_s(entry.attempt, self._settings.chance())
        return RetryLater(reason, backoff_s if wait_s is None else wait_s)
