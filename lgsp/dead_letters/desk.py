"""The desk over the dead letter channel."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lgsp.channels import DeadEntry, DeadLetterChannel, TaskBook, place_of
from lgsp.clock import Clock
from lgsp.dead_letters.forecast import DryRun, Forecast, Verdict
from lgsp.dead_letters.groups import DeadFilter, DeadGroup
from lgsp.dead_letters.tasks import Order, Progress, Task, TaskEndedError
from lgsp.errors import Fault, InvalidMessageError, NotFoundError
from lgsp.message import Message
from lgsp.remark import remark
from lgsp.routing import Router
from lgsp.standards import identifiers

__all__ = ["DeadLetters", "DeadPage", "Surroundings"]

MAX_EXAMINED = 1000
MAX_GROUPS = 1000
EVERYTHING = DeadFilter()
GONE = remark("dead_gone", "it is not there: replayed or discarded before, or it never existed")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk has to know of the rest.

    `admit` is the check at publish (raises InvalidMessageError); `delivered` says whether the system with that name has taken the
    message of that id before.
    """

    systems: Collection[str]
    router: Router
    admit: Callable[[Message], None]
    delivered: Callable[[str, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class DeadPage:
    """Dead letters without their contents; `next` is the next page's `after`, or None."""

    entries: tuple[DeadEntry, ...]
    next: str | None


class DeadLetters:
    """Replay keeps the message's id: it is the same message, sent again. An edited one is a new message that names the old."""

    def __init__(
        self, channel: DeadLetterChannel, book: TaskBook, clock: Clock, around: Surroundings
    ) -> None:
        self._channel = channel
        self._book = book
        self._clock = clock
        self._around = around

    # --- looking

    async def page(self, wanted: DeadFilter = EVERYTHING, *, after: str = "", limit: int = 100) -> DeadPage:
        """The oldest first."""
        found: list[DeadEntry] = []
        async for entry in self._fitting(wanted, after):
            if len(found) == limit:
                return DeadPage(tuple(found), found[-1].id)
            found.append(entry)
        return DeadPage(tuple(found), None)

    async def groups(self, wanted: DeadFilter = EVERYTHING) -> tuple[DeadGroup, ...]:
        """By what went wrong, the largest first; of more than a thousand kinds, those that came first."""
        groups: dict[str, DeadGroup] = {}
        async for entry in self._fitting(wanted):
            begun = DeadGroup.begin(entry)
            if len(groups) < MAX_GROUPS or begun.group in groups:
                groups.setdefault(begun.group, begun).add(entry)
        return tuple(sorted(groups.values(), key=lambda group: -group.count))

    async def show(self, dead_id: str) -> DeadEntry:
        """One, with its content; NotFoundError for an unknown id."""
        return await self._channel.get(dead_id)

    async def planned(
        self, order: Order, behind: tuple[int, ...] = ()
    ) -> tuple[list[tuple[tuple[int, ...], str]], list[str]]:
        """What an order means, as (sort key, id), each subject's oldest first; and those ids that are not there."""
        keyed: dict[tuple[int, ...], str] = {}
        gone: list[str] = []
        if order.ids:
            for dead_id in dict.fromkeys(order.ids):
                try:
                    keyed[_sort_key(await self._channel.get(dead_id))] = dead_id
                except NotFoundError:
                    gone.append(dead_id)
        else:
            async for entry in self._fitting(order.filter):
                if not order.until_ms or place_of(entry.id)[0] < order.until_ms:
                    keyed[_sort_key(entry)] = entry.id
        return [(key, keyed[key]) for key in sorted(keyed) if key > behind], gone

    async def dry_run(self, order: Order) -> DryRun:
        """What a replay would do; of at most a thousand."""
        planned, gone = await self.planned(order)
        forecasts = [Forecast(dead_id, Verdict.GONE, remark=GONE) for dead_id in gone]
        for _, dead_id in planned[:MAX_EXAMINED]:
            try:
                forecasts.append(await self.forecast(await self._channel.get(dead_id)))
            except NotFoundError:
                forecasts.append(Forecast(dead_id, Verdict.GONE, remark=GONE))
        counts = Counter(str(one.verdict) for one in forecasts)
        return DryRun(len(planned) + len(gone), len(forecasts), counts, tuple(forecasts))

    async def forecast(self, entry: DeadEntry) -> Forecast:
        """What would become of one that is replayed now."""
        found = Forecast(entry.id, Verdict.SEND, entry.message_id, entry.subject)
        if entry.system and entry.system not in self._around.systems:
            known = ", ".join(sorted(self._around.systems))
            text = "no system '{system}' is configured any more; there are: {known}"
            said = remark("dead_no_system", text, system=entry.system, known=known)
            return replace(found, verdict=Verdict.NO_SYSTEM, remark=said)
        try:
            message = Message.from_json(entry.body)
            self._around.admit(message)
        except InvalidMessageError as exc:
            said = remark("dead_invalid", "{count} fault(s), each at its place", count=len(exc.faults))
            return replace(found, verdict=Verdict.INVALID, remark=said, faults=exc.faults)
        to = (entry.system,) if entry.system else self._routed(message, entry.organizations)
        if not to:
            said = remark("dead_unrouted", "no route takes it; see `lgsp routes explain`")
            return replace(found, verdict=Verdict.UNROUTED, remark=said)
        found = replace(found, to=to)
        if message.expired(self._clock.now()):
            said = remark("dead_expired", "its time was over at {at}", at=message.expirytime)
            return replace(found, verdict=Verdict.EXPIRED, remark=said)
        if all([await self._around.delivered(message.id, system) for system in to]):
            said = remark("dead_dropped", "delivered before; the receiver knows its key")
            return replace(found, verdict=Verdict.DROPPED, remark=said)
        return found

    # --- acting on one

    async def replay(self, dead_id: str, *, detail: str = "") -> DeadEntry:
        """Send it again, behind what already waits.

        Raises:
            NotFoundError: it is not there, or its system or route is not.
            InvalidMessageError: the schema check refuses it now.
        """
        entry = await self._channel.get(dead_id)
        forecast = await self.forecast(entry)
        match forecast.verdict:
            case Verdict.INVALID:
                raise InvalidMessageError(f"dead letter {dead_id}", forecast.faults)
            case Verdict.NO_SYSTEM | Verdict.UNROUTED:
                raise NotFoundError(f"dead letter {dead_id}: {forecast.detail}")
            case _:
                return await self._channel.replay(dead_id, self._now_ms(), detail=detail)

    async def discard(self, dead_id: str, *, reason: str) -> DeadEntry:
        """Give it up for good; NotFoundError for an unknown id."""
        return await self._channel.discard(dead_id, self._now_ms(), reason=reason)

    async def edit(
        self, dead_id: str, edited: Message, *, note: str = "", dry_run: bool = False
    ) -> tuple[Message, Forecast]:
        """Give it up, and send `edited` in its place, under a new id that names the old one as its cause.

        Raises:
            NotFoundError: it is not there.
            InvalidMessageError: the edited message breaks its schema, or changes what an edit may not change.
        """
        entry = await self._channel.get(dead_id)
        changed = _renewed(edited, Message.from_json(entry.body))
        self._around.admit(changed)
        forecast = await self.forecast(replace(entry, message_id=changed.id, body=changed.to_json()))
        if forecast.verdict in {Verdict.NO_SYSTEM, Verdict.UNROUTED}:
            raise NotFoundError(f"dead letter {dead_id}: {forecast.detail}")
        if not dry_run:
            await self._channel.replace(dead_id, changed, self._now_ms(), note=note)
        return changed, forecast

    # --- tasks

    async def order(self, order: Order) -> Task:
        """Begin a task; a worker takes it up within a second."""
        given = {"until_ms": await self._channel.now_ms() + 1, "created_ms": self._now_ms()}
        task = Task(
            id=identifiers.new_id(), order=order.model_copy(update=given), wish="run", progress=Progress()
        )
        await self._book.add(task.written())
        return task

    async def tasks(self) -> tuple[Task, ...]:
        """The newest first."""
        return tuple(Task.read(record) for record in await self._book.list())

    async def task(self, task_id: str) -> Task:
        """One; NotFoundError for an unknown id."""
        return Task.read(await self._book.get(task_id))

    async def wish(self, task_id: str, wish: Literal["run", "pause", "cancel"]) -> Task:
        """Pause, resume or cancel it.

        Raises:
            TaskEndedError: it is over.
        """
        task = await self.task(task_id)
        if task.is_over:
            raise TaskEndedError(f"task {task_id} is {task.state}; begin a new one")
        await self._book.wish(task_id, wish)
        return await self.task(task_id)

    async def _fitting(self, wanted: DeadFilter, after: str = "") -> AsyncIterator[DeadEntry]:
        async for entry in self._channel.heads(after=after):
            if wanted.fits(entry):
                yield entry

    def _routed(self, message: Message, only: Sequence[str]) -> tuple[str, ...]:
        if only:
            message = message.model_copy(update={"recipients": ",".join(only)})
        return tuple(one.system for one in self._around.router.route(message).recipients)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _sort_key(entry: DeadEntry) -> tuple[int, ...]:
    """Each subject's oldest first: by the place that it had on its way to its system, then by its burial."""
    first, _, second = entry.order.partition("-")
    place = place_of(entry.id)
    order = (int(first), int(second)) if first.isdecimal() and second.isdecimal() else place[:2]
    return (*order, *place)


def _renewed(edited: Message, original: Message) -> Message:
    """The edited message as a new one, whose cause is the original.

    Raises:
        InvalidMessageError: it has another subject or source, or other verdicts on signatures.
    """
    faults = []
    for name in ("subject", "source"):
        if getattr(edited, name) != getattr(original, name):
            kept = f"keep {name} {getattr(original, name)!r}; for another one, publish a new message and discard this one"
            kept_vi = f"không được đổi {name}; hãy gửi bản tin mới và loại bỏ bản tin này"
            faults.append(Fault("dead.edit_refused", f"/{name}", kept, kept_vi))
    if _verdicts(edited) != _verdicts(original):
        wrong = "verdicts on signatures are given by the bus; leave them as they are"
        wrong_vi = "kết quả kiểm tra chữ ký do hệ thống ghi; hãy giữ nguyên"
        faults.append(Fault("signature.claimed", "/data/signatures", wrong, wrong_vi))
    if faults:
        raise InvalidMessageError(f"edit of {original.id}", faults)
    return edited.model_copy(update={"id": identifiers.new_id(), "causationid": original.id})


def _verdicts(message: Message) -> list[object]:
    inner = message.data.get("document")
    places = [message.data, *([inner] if isinstance(inner, dict) else [])]
    return [place.get("signatures") for place in places]
