"""The consumer loop of one system in one partition: receive, check, deliver, settle. The place that acknowledges deliveries."""

import asyncio
import hashlib
import random
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

import structlog

from lgsp.adapter import Delivery, Sends
from lgsp.channels import DeadEntry, OutEntry, PartitionLog, Transaction
from lgsp.clock import Clock
from lgsp.errors import InvalidMessageError, LgspError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.outcome import DeadLetter, Delivered, Expired, Outcome, RetryLater
from lgsp.retry import Circuit, RetryPolicy

__all__ = ["Endpoint", "EndpointSettings", "Target", "until_stopped"]

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How one system is worked. Times in seconds; `concurrency` subjects are delivered side by side."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    send_timeout_s: float = 30.0
    concurrency: int = 16
    batch: int = 64
    block_ms: int = 1000
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Target:
    """A system to deliver to; its circuit is shared by all partitions of the process."""

    system: str
    sender: Sends
    circuit: Circuit


class Endpoint:
    """Delivers one partition's messages to one system, each subject in order; a subject that waits holds back only itself."""

    def __init__(
        self,
        channel: PartitionLog,
        lease_value: str,
        target: Target,
        clock: Clock,
        settings: EndpointSettings,
    ) -> None:
        self._channel = channel
        self._lease_value = lease_value
        self._system = target.system
        self._sender = target.sender
        self._circuit = target.circuit
        self._clock = clock
        self._settings = settings
        self._stopping = asyncio.Event()
        self._held: dict[str, int] = {}
        self._recovering = True
        self._left = False
        self._stream_first = False
        self._places = asyncio.Semaphore(settings.concurrency)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; what is in hand is finished first.

        Raises:
            StaleLeaseError: the partition belongs to another worker.
            ChannelUnavailableError: no Redis; run again, nothing is lost.
        """
        self._stopping = stopping
        self._held = {entry.subject: entry.due_ms for entry in await self._channel.held(self._system)}
        self._recovering = True
        while not stopping.is_set():
            if self._circuit.is_open:
                wait_s = self._circuit.wait_s(self._settings.chance())
                await until_stopped(self._clock.sleep(wait_s), stopping)
                self._circuit.probe()
                await self._probe()
            else:
                await self._retry_due(self._settings.concurrency)
                await self._take(self._settings.batch)

    async def _probe(self) -> None:
        """One call, of held subjects and of the stream in turn: a message that makes the system hang must not be the only probe."""
        first, second = (self._take, self._retry_due) if self._stream_first else (self._retry_due, self._take)
        self._stream_first = not self._stream_first
        if not await first(1):
            await second(1)

    async def _take(self, count: int) -> int:
        """Deliver what is next in the stream: first what was read before and is still there, then what is new."""
        if self._stopping.is_set():
            return 0
        entries = await self._read(count, recovering=True) if self._recovering else ()
        self._recovering = bool(entries)
        entries = entries or await self._read(count, recovering=False)
        self._left = False
        await self._deliver(entries)
        self._recovering |= self._left
        return len(entries)

    async def _read(self, count: int, *, recovering: bool) -> Sequence[OutEntry]:
        cursor = "0" if recovering else ">"
        read = self._channel.read_out(self._system, cursor=cursor, count=count, block_ms=self._block_ms())
        return await until_stopped(read, self._stopping) or ()

    def _block_ms(self) -> int:
        if not self._held:
            return self._settings.block_ms
        return max(1, min(self._settings.block_ms, min(self._held.values()) - self._now_ms()))

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    async def _deliver(self, entries: Sequence[OutEntry]) -> None:
        lanes: defaultdict[str, deque[OutEntry]] = defaultdict(deque)
        for entry in entries:
            lanes[entry.subject].append(entry)
        await _all([self._lane(subject, lane) for subject, lane in lanes.items()])

    async def _lane(self, subject: str, lane: deque[OutEntry]) -> None:
        """One subject's messages, one after the other."""
        async with self._places:
            while lane and not self._stopping.is_set():
                if subject in self._held:
                    await self._park(subject, lane, self._held[subject])
                    return
                outcome = await self._attempt(lane[0])
                if isinstance(outcome, RetryLater):
                    await self._put_off(subject, lane, outcome)
                    return
                entry = lane.popleft()
                hop = self._transaction()
                hop.acknowledge(self._stream, [entry.entry_id])
                self._record(hop, entry, outcome)
                await hop.commit()

    async def _put_off(self, subject: str, lane: deque[OutEntry], outcome: RetryLater) -> None:
        if outcome.counts:
            lane[0] = lane[0].next_attempt()
            await self._park(subject, lane, self._due_ms(outcome), outcome)
        elif outcome.delay_s:
            await self._park(subject, lane, self._due_ms(outcome))
        else:
            self._left = True

    async def _park(
        self, subject: str, lane: deque[OutEntry], due_ms: int, why: RetryLater | None = None
    ) -> None:
        hop = self._transaction()
        hop.park(self._parked(subject), [entry.parked() for entry in lane])
        hop.hold(self._channel.keys.held(self._channel.partition, self._system), subject, due_ms)
        hop.acknowledge(self._stream, [entry.entry_id for entry in lane])
        if why is not None:
            self._record(hop, lane[0], why)
        await hop.commit()
        self._held[subject] = due_ms

    async def _retry_due(self, limit: int) -> int:
        now = self._now_ms()
        due = sorted((due_ms, subject) for subject, due_ms in self._held.items() if due_ms <= now)[:limit]
        await _all([self._retry(subject) for _, subject in due])
        return len(due)

    async def _retry(self, subject: str) -> None:
        """Work off a held subject from its head, until one must wait again."""
        async with self._places:
            while not self._stopping.is_set():
                head, length = await self._channel.parked_head(self._system, subject)
                outcome = await self._attempt(head) if head else Delivered()
                if head and isinstance(outcome, RetryLater):
                    await self._hold_again(subject, head, outcome)
                    return
                hop = self._transaction()
                if head:
                    self._record(hop, head, outcome)
                hop.drop_head(self._parked(subject))
                if length <= 1:
                    hop.release(self._held_key, subject)
                await hop.commit()
                if length <= 1:
                    del self._held[subject]
                    return

    async def _hold_again(self, subject: str, head: OutEntry, outcome: RetryLater) -> None:
        if not outcome.counts and not outcome.delay_s:
            return
        due_ms, hop = self._due_ms(outcome), self._transaction()
        if outcome.counts:
            self._record(hop, head, outcome)
            hop.replace_head(self._parked(subject), head.next_attempt().parked())
        hop.hold(self._held_key, subject, due_ms)
        await hop.commit()
        self._held[subject] = due_ms

    async def _attempt(self, entry: OutEntry) -> Outcome:
        try:
            message = Message.from_json(entry.body)
            if message.expired(self._clock.now()):
                return Expired()
            outcome: Outcome = await self._send(message, entry)
        except (RejectedError, InvalidMessageError) as exc:
            outcome = DeadLetter(str(exc), exc.code)
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
        self._circuit.succeeded()
        return outcome

    async def _send(self, message: Message, entry: OutEntry) -> Delivered:
        key = hashlib.sha256(f"{message.source}\n{message.id}\n{self._system}".encode()).hexdigest()[:32]
        async with asyncio.timeout(self._settings.send_timeout_s):
            receipt = await self._sender.send(Delivery(message, entry.organizations, entry.attempt, key))
        return Delivered(receipt.reference)

    def _failed(self, entry: OutEntry, error: TransientError) -> RetryLater | DeadLetter:
        """Where it is the system's fault, the message waits and loses none of its tries."""
        reason, was_open = str(error), self._circuit.is_open
        if error.system_down:
            self._circuit.failed(reason)
            outcome = RetryLater(reason, 0.0, counts=False)
        elif error.unanswered and self._circuit.unanswered(entry.subject, reason):
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
            self._circuit.succeeded()
        if self._settings.policy.is_spent(entry.attempt):
            return DeadLetter(f"{entry.attempt} tries spent; the last: {reason}", "lgsp.tries_spent")
        delay_s = (
            wait_s
            if wait_s is not None
            else self._settings.policy.delay_s(entry.attempt, self._settings.chance())
        )
        return RetryLater(reason, delay_s)

    def _record(self, hop: Transaction, entry: OutEntry, outcome: Outcome) -> None:
        """Write down how it ended; a dead letter goes to its channel in the same hop."""
        message_id, now = entry.message_id, self._now_ms()
        match outcome:
            case Delivered(reference):
                hop.journal("delivered", message_id, now, system=self._system, detail=reference)
            case RetryLater(reason):
                hop.journal("retrying", message_id, now, system=self._system, detail=reason)
            case Expired():
                hop.journal("expired", message_id, now, system=self._system)
            case DeadLetter(reason, code):
                dead = DeadEntry(
                    "",
                    message_id,
                    entry.subject,
                    self._system,
                    entry.organizations,
                    code,
                    reason,
                    entry.attempt,
                    now,
                    entry.body,
                )
                hop.add(self._channel.keys.dead(self._channel.partition), dead.to_fields())
                hop.journal("dead", message_id, now, system=self._system, detail=reason)
            case _:
                assert_never(outcome)

    def _due_ms(self, outcome: RetryLater) -> int:
        return self._now_ms() + int(outcome.delay_s * 1000)

    def _transaction(self) -> Transaction:
        return self._channel.transaction(self._lease_value)

    def _parked(self, subject: str) -> str:
        return self._channel.keys.parked(self._channel.partition, self._system, subject)

    @property
    def _held_key(self) -> str:
        return self._channel.keys.held(self._channel.partition, self._system)

    @property
    def _stream(self) -> str:
        return self._channel.keys.out(self._channel.partition, self._system)


async def until_stopped(work: Coroutine[object, object, T], stopping: asyncio.Event) -> T | None:
    """Wait for `work`, or for the sign to stop, whichever comes first; work that is cut short is cancelled."""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        stop.cancel()
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _all(lanes: Sequence[Coroutine[object, object, None]]) -> None:
    """Let every lane end before the first error goes up: a call in flight must be settled, or it would be made twice."""
    for result in await asyncio.gather(*lanes, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
