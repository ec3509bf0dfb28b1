"""The loop of one system in one partition.

Messages are read in windows and handed out by subject. Each subject is in one hand at a time, so its messages reach the system in
order; many subjects are in hand side by side. What is delivered is settled in groups, and the subject's next message waits for that.
A subject whose message must wait is *held*: its messages lie parked, in order, until they are due.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from lgsp.channels import HeldEntry, Holder, OutEntry, PartitionLog, Transaction
from lgsp.clock import Clock
from lgsp.endpoint.call import Caller, EndpointSettings, Target
from lgsp.endpoint.held import Held
from lgsp.endpoint.settlement import Ledger
from lgsp.endpoint.waiting import until_stopped
from lgsp.message import MessageReader
from lgsp.outcome import Early, Outcome, RetryLater

__all__ = ["Endpoint"]

_PARKED_READ = 32
_LOOK_S = 5.0
"""So often one with nothing in hand looks whether a stranger wrote into its stream."""


class Endpoint:
    """Delivers one partition's messages to one system, each subject in order; a subject that waits holds back only itself."""

    def __init__(
        self,
        channel: PartitionLog,
        holder: Holder,
        target: Target,
        clock: Clock,
        settings: EndpointSettings,
        reader: MessageReader | None = None,
    ) -> None:
        self._channel = channel
        self._holder = holder
        self._system = target.system
        self._clock = clock
        self._settings = settings
        self._circuit = target.circuit
        self._pace = target.pace
        self._draining = False
        self._way = holder.way_out(target.system, self._take)
        self._caller = Caller(target, clock, settings, reader or MessageReader())
        self._ledger = Ledger(channel.keys, channel.partition, target.system)
        self._lanes: dict[str, deque[OutEntry]] = {}
        self._held = Held()
        self._busy: set[str] = set()
        self._refused: set[str] = set()
        self._ready: asyncio.Queue[str | None] = asyncio.Queue()
        self._in_hand = 0
        self._probing = ""
        self._turn = 0
        self._stopping = asyncio.Event()
        self._freed = asyncio.Event()
        self._timing = asyncio.Event()
        self._closed = asyncio.Event()
        self._failed = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; what is in hand is finished first.

        Raises:
            StaleLeaseError: the partition belongs to another worker.
            ChannelUnavailableError: no Redis; run again, nothing is lost.
        """
        self._stopping = stopping
        for entry in await self._channel.held(self._system):
            self._hold(entry.subject, await self._plausible(entry))
        hands = [asyncio.create_task(self._work()) for _ in range(self._settings.concurrency)]
        timer = asyncio.create_task(self._keep_time())
        untold = self._circuit.tell_when_closed(self._back_again)
        try:
            await self._receive()
        except asyncio.CancelledError:
            for hand in hands:
                hand.cancel()
            raise
        finally:
            for _ in hands:
                self._ready.put_nowait(None)
            # A call in flight must be settled, or it would be made twice.
            await asyncio.gather(*hands, return_exceptions=True)
            untold()
            timer.cancel()
            await asyncio.gather(timer, self._holder.commit(Transaction()), return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    # --- receiving

    async def _receive(self) -> None:
        """First what the last holder of the lease left, then what is new."""
        way = self._way
        while not self._over():
            if way.at_end:
                await until_stopped(asyncio.sleep(_LOOK_S), way.behind, self._stopping, self._failed)
                if way.at_end and not self._in_hand:
                    way.begin_again()
            elif await self._room():
                read = way.read(self._settings.window - self._in_hand)
                await until_stopped(read, self._stopping, self._failed)
                self._look_whether_drained()

    def _take(self, entries: Sequence[OutEntry]) -> int:
        """As many of them as there is room for."""
        room = 0 if self._over() else self._most() - self._in_hand
        taken = entries[: max(0, room)]
        for entry in taken:
            self._in_hand += 1
            lane = self._lanes.get(entry.subject)
            if lane is None:
                lane = self._lanes[entry.subject] = deque()
            lane.append(entry)
            self._offer(entry.subject)
        return len(taken)

    async def _room(self) -> bool:
        """Whether to read on."""
        if self._in_hand < self._most():
            return True
        self._freed.clear()
        await until_stopped(self._freed.wait(), self._stopping, self._failed)
        return False

    def _most(self) -> int:
        """In hand; while the system is away, one, to find out with whether it is back."""
        return 1 if self._circuit.is_open else self._settings.window

    def _offer(self, subject: str) -> None:
        """Put a subject into a free hand, if it is in none and has something to do now."""
        if subject in self._busy or self._over():
            return
        if subject in self._held:
            wanted = subject in self._lanes or (
                self._held.until(subject) <= self._now_ms() and self._may_call(subject)
            )
        else:
            wanted = subject in self._lanes and self._may_call(subject)
        if wanted:
            self._busy.add(subject)
            self._ready.put_nowait(subject)

    def _may_call(self, subject: str) -> bool:
        if not self._circuit.is_open or subject == self._probing:
            return True
        self._refused.add(subject)
        self._timing.set()
        return False

    # --- working

    async def _work(self) -> None:
        """One hand: takes a subject, makes its next move, and lets it go or leaves that to the settlement."""
        while (subject := await self._ready.get()) is not None:
            if self._over():
                continue
            try:
                if await self._move(subject):
                    self._let_go(subject)
            except Exception as exc:  # noqa: BLE001 - it goes up from `run`
                self._fail(exc)

    async def _move(self, subject: str) -> bool:
        """The subject's next move; false where its settlement lets it go."""
        lane = self._lanes.get(subject)
        if subject in self._held and lane:
            await self._park_all(subject, list(lane), self._held.until(subject), Transaction())
            return True
        if not self._may_call(subject):
            return True
        if subject in self._held:
            await self._retry(subject)
            return True
        if not lane or not await self._drain_slowly():
            return True
        outcome = await self._caller.attempt(lane[0], self._stopping, self._failed)
        match outcome:
            case RetryLater(delay_s=0.0, counts=False):
                pass
            case RetryLater() | Early():
                await self._put_off(subject, lane, outcome)
            case _:
                self._settle(subject, lane[0], outcome)
                return False
        return True

    async def _drain_slowly(self) -> bool:
        """After an outage, until nothing waits any more: the system's own pace, in real time; false where it is time to stop."""
        if self._draining:
            wait_s = self._pace.wait_s(asyncio.get_running_loop().time())
            if wait_s > 0:
                await until_stopped(asyncio.sleep(wait_s), self._stopping, self._failed)
        return not self._over()

    def _back_again(self) -> None:
        self._draining = True
        self._closed.set()

    def _settle(self, subject: str, entry: OutEntry, outcome: Outcome) -> None:
        hop = Transaction()
        self._ledger.take_out(hop, [entry])
        self._ledger.record(hop, entry, outcome, self._now_ms())
        self._holder.put(hop, partial(self._settled, subject))

    def _settled(self, subject: str, error: BaseException | None) -> None:
        if error is not None:
            self._fail(error)
            return
        self._drop(subject, 1)
        self._let_go(subject)

    def _drop(self, subject: str, count: int) -> None:
        lane = self._lanes[subject]
        for _ in range(count):
            lane.popleft()
        if not lane:
            del self._lanes[subject]
        self._in_hand -= count
        self._freed.set()
        self._look_whether_drained()

    def _look_whether_drained(self) -> None:
        if self._draining and self._way.at_end and not self._in_hand:
            self._draining = False

    def _let_go(self, subject: str) -> None:
        self._busy.discard(subject)
        if self._probing == subject:
            self._probing = ""
            self._timing.set()
        self._offer(subject)

    def _hold(self, subject: str, due_ms: int) -> None:
        self._held.hold(subject, due_ms)
        self._timing.set()

    async def _put_off(self, subject: str, lane: deque[OutEntry], outcome: RetryLater | Early) -> None:
        """Hold the subject; what it has in hand is parked, and an early message behind the rest."""
        head, rest = lane[0], list(lane)[1:]
        if isinstance(outcome, Early):
            later = [*rest, head._replace(early_since_ms=outcome.since_ms)]
            overtaken = bool(rest) and not head.early_since_ms
            due_ms = self._now_ms() if overtaken else self._due_ms(outcome)
        else:
            later = [head.next_attempt() if outcome.counts else head, *rest]
            due_ms = self._due_ms(outcome)
        hop = Transaction()
        if isinstance(outcome, Early) or outcome.counts:
            self._ledger.record(hop, head, outcome, self._now_ms())
        await self._park_all(subject, later, due_ms, hop)

    async def _park_all(
        self, subject: str, entries: Sequence[OutEntry], due_ms: int, hop: Transaction
    ) -> None:
        hop.park(self._ledger.parked(subject), [entry.parked() for entry in entries])
        hop.hold(self._ledger.held, subject, due_ms)
        self._ledger.take_out(hop, entries)
        await self._holder.commit(hop)
        self._hold(subject, due_ms)
        self._drop(subject, len(entries))

    async def _retry(self, subject: str) -> None:
        """Work off a held subject from its head, until one must wait again."""
        entries, length = await self._channel.parked(self._system, subject, _PARKED_READ)
        for entry in entries:
            if not await self._drain_slowly():
                break
            outcome = await self._caller.attempt(entry, self._stopping, self._failed)
            if isinstance(outcome, (RetryLater, Early)):
                await self._hold_again(subject, entry, outcome, alone=length == 1)
                return
            length -= 1
            hop = Transaction()
            self._ledger.record(hop, entry, outcome, self._now_ms())
            hop.drop_head(self._ledger.parked(subject))
            if not length:
                hop.release(self._ledger.held, subject)
            await self._holder.commit(hop)
            if self._over():
                break
        if not length:
            if not entries:
                await self._release(subject)
            self._held.release(subject)

    async def _release(self, subject: str) -> None:
        hop = Transaction()
        hop.release(self._ledger.held, subject)
        await self._holder.commit(hop)

    async def _hold_again(
        self, subject: str, head: OutEntry, outcome: RetryLater | Early, *, alone: bool
    ) -> None:
        parked, hop, due_ms = self._ledger.parked(subject), Transaction(), self._due_ms(outcome)
        if isinstance(outcome, Early):
            self._ledger.record(hop, head, outcome, self._now_ms())
            hop.drop_head(parked)
            hop.park(parked, [head._replace(early_since_ms=outcome.since_ms).parked()])
            if not alone and not head.early_since_ms:
                due_ms = self._now_ms()
        elif outcome.counts:
            self._ledger.record(hop, head, outcome, self._now_ms())
            hop.replace_head(parked, head.next_attempt().parked())
        elif not outcome.delay_s:
            return
        hop.hold(self._ledger.held, subject, due_ms)
        await self._holder.commit(hop)
        self._hold(subject, due_ms)

    # --- time

    async def _keep_time(self) -> None:
        """Wake held subjects when they are due; while the system is away, find out from time to time whether it is back."""
        try:
            while not self._over():
                if self._circuit.is_open:
                    await self._while_away()
                else:
                    await self._next_due()
        except Exception as exc:  # noqa: BLE001 - it goes up from `run`
            self._fail(exc)

    async def _next_due(self) -> None:
        self._timing.clear()
        refused, self._refused = self._refused, set()
        for subject in refused:
            self._offer(subject)
        now_ms = self._now_ms()
        for subject in self._held.come_due(now_ms):
            self._offer(subject)
        next_ms = self._held.next_ms()
        if next_ms is not None:
            wait = self._clock.sleep((next_ms - now_ms) / 1000)
            await until_stopped(wait, self._timing, self._stopping, self._failed)
        else:
            await until_stopped(self._timing.wait(), self._stopping, self._failed)

    async def _plausible(self, held: HeldEntry) -> int:
        """When it is due; no later than the backoff could have said, for the last worker's clock may have been wrong by days."""
        now_ms = self._now_ms()
        if held.due_ms <= now_ms + 1000:
            return held.due_ms
        head, _ = await self._channel.parked(self._system, held.subject, 1)
        if not head or head[0].early_since_ms:
            return min(held.due_ms, now_ms + int(self._settings.early_limit_s * 1000))
        longest_s = self._settings.policy.delay_s(max(1, head[0].attempt - 1), 1.0)
        return min(held.due_ms, now_ms + int(longest_s * 1000))

    async def _while_away(self) -> None:
        """One call: of a subject that is held, and of one that was not yet tried, in turn, and of each of them in turn.

        A message that makes the system hang must not be the only probe.
        """
        self._closed.clear()
        wait = self._clock.sleep(self._circuit.wait_s(self._settings.chance()))
        await until_stopped(wait, self._closed, self._stopping, self._failed)
        held, fresh = self._waiting()
        if self._circuit.is_open and not self._probing and (held or fresh):
            self._turn += 1
            candidates = (fresh or held) if self._turn % 2 else (held or fresh)
            self._circuit.probe()
            self._probing = candidates[self._turn // 2 % len(candidates)]
            self._timing.clear()
            self._offer(self._probing)
            await until_stopped(self._timing.wait(), self._stopping, self._failed)
        if not self._circuit.is_open:
            self._freed.set()

    def _waiting(self) -> tuple[list[str], list[str]]:
        """Subjects that wait for the system: those that are held and due, and those of which nothing was tried yet."""
        now_ms = self._now_ms()
        held = [subject for subject in self._held.due(now_ms) if subject not in self._busy]
        fresh = [
            subject for subject in self._lanes if subject not in self._held and subject not in self._busy
        ]
        return held, fresh

    def _over(self) -> bool:
        return self._failure is not None or self._stopping.is_set()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._failed.set()

    def _due_ms(self, outcome: RetryLater | Early) -> int:
        return self._now_ms() + int(outcome.delay_s * 1000)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
