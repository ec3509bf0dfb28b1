"""Works the tasks over dead letters: one worker at a time, which any other replaces when it dies."""

import asyncio
from contextlib import suppress

import structlog
from pydantic import ValidationError

from lgsp.channels import Keys, Lease, Server, TaskBook
from lgsp.clock import Clock
from lgsp.dead_letters.desk import GONE, DeadLetters
from lgsp.dead_letters.tasks import MAX_NAMED, Problem, Task, TaskState
from lgsp.errors import ChannelUnavailableError, LgspError, NotFoundError, StaleLeaseError

__all__ = ["TaskRunner"]

LEASE_MS = 3_000
LOOK_ROUND_S = 0.5
LOOK_S = 0.25
AT_ONCE = 4

log = structlog.get_logger()


class TaskRunner:
    """Runs beside a worker. Each dead letter is moved by one script, once, so a task that is taken over repeats nothing."""

    def __init__(self, server: Server, keys: Keys, desk: DeadLetters, clock: Clock, owner: str) -> None:
        self._server = server
        self._keys = keys
        self._book = TaskBook(server, keys)
        self._desk = desk
        self._clock = clock
        self._owner = owner
        self._lease: Lease | None = None
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; a task in hand goes on with another worker, or when there is one again."""
        try:
            while not stopping.is_set():
                try:
                    await self._look_round()
                except (ChannelUnavailableError, StaleLeaseError) as exc:
                    log.warning("tasks.given_up", reason=str(exc))
                    await self._let_go()
                except Exception:
                    log.exception("tasks.bug")  # and again: nobody else would begin this loop anew
                    await self._let_go()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), LOOK_ROUND_S)
        finally:
            await self._let_go()

    async def _look_round(self) -> None:
        if self._lease is None:
            self._lease = await Lease.acquire(self._server, self._keys, "tasks", self._owner, LEASE_MS)
        elif not await self._lease.renew(LEASE_MS):
            raise StaleLeaseError("the tasks were taken over by another worker")
        if self._lease is None:
            return
        for task_id in [one for one, running in self._running.items() if running.done()]:
            self._running.pop(task_id).result()
        for task in await self._unfinished():
            waits = task.id not in self._running and task.state is not TaskState.PAUSED
            if waits and len(self._running) < AT_ONCE:
                work = self._work(self._lease, task)
                self._running[task.id] = asyncio.create_task(work, name=f"task-{task.id}")

    async def _unfinished(self) -> list[Task]:
        """What is to be worked; a task that is over, or that can't be read, is closed."""
        found: list[Task] = []
        for record in await self._book.open():
            try:
                task = Task.read(record)
            except ValidationError as exc:
                log.error("tasks.unreadable", task=record.id, reason=str(exc))  # noqa: TRY400 - whoever wrote it is not on the stack
                await self._book.close(record.id)
                continue
            if task.progress.ended is None:
                found.append(task)
            else:
                await self._book.close(task.id)
        return found

    async def _let_go(self) -> None:
        running, self._running = list(self._running.values()), {}
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        lease, self._lease = self._lease, None
        if lease is not None:
            with suppress(ChannelUnavailableError):
                await lease.release()

    async def _work(self, lease: Lease, task: Task) -> None:
        """Until it is done, paused or cancelled."""
        try:
            wish = await self._go_through(lease, task)
        except (ChannelUnavailableError, StaleLeaseError):
            raise
        except Exception as exc:
            log.exception("tasks.bug", task=task.id)
            _failed(task, "", f"bug: {type(exc).__name__}: {exc}", LgspError.code)
            task.progress.ended = TaskState.FAILED
        else:
            task.progress.owner = "" if wish == "pause" else self._owner
            task.progress.ended = {"pause": None, "cancel": TaskState.CANCELLED}.get(wish, TaskState.DONE)
        if task.progress.ended is not None:
            task.progress.ended_ms = int(self._clock.now().timestamp() * 1000)
        await self._write_down(lease, task)

    async def _go_through(self, lease: Lease, task: Task) -> str:
        """What people wanted in the end: run, pause or cancel."""
        progress = task.progress
        planned, gone = await self._desk.planned(task.order, progress.last)
        if progress.total is None:
            progress.total = len(planned) + len(gone)
            for dead_id in gone:
                _failed(task, dead_id, GONE.text, NotFoundError.code)
        else:
            progress.done = progress.total - len(planned) - progress.failed
        progress.owner = self._owner
        pace, wish = _Pace(task.order.rate_per_s), str(task.wish)
        for key, dead_id in planned:
            wish = await self._turn(lease, task, pace)
            if wish != "run":
                break
            await self._one(task, dead_id)
            progress.last = key
        return wish

    async def _turn(self, lease: Lease, task: Task, pace: "_Pace") -> str:
        """Wait for the next one's turn; every quarter of a second, write down how far it is, and see what people want."""
        while True:
            if pace.is_time_to_look():
                await self._write_down(lease, task)
                wish = (await self._book.get(task.id)).wish
                if wish != "run":
                    return wish
            wait_s = pace.left_s()
            if wait_s <= 0:
                pace.step()
                return "run"
            await asyncio.sleep(min(wait_s, LOOK_S))

    async def _one(self, task: Task, dead_id: str) -> None:
        try:
            if task.order.action == "replay":
                await self._desk.replay(dead_id, detail=f"task {task.id}")
            else:
                await self._desk.discard(dead_id, reason=task.order.reason)
        except ChannelUnavailableError:
            raise
        except LgspError as exc:
            _failed(task, dead_id, str(exc), exc.code)
        else:
            task.progress.done += 1

    async def _write_down(self, lease: Lease, task: Task) -> None:
        await self._book.progressed(lease, task.id, task.progress.model_dump_json().encode())


class _Pace:
    """When the next one may go: in real time, whatever clock the bus has, for it spares real systems."""

    def __init__(self, rate_per_s: float) -> None:
        self._step_s = 1 / rate_per_s
        self._now = asyncio.get_running_loop().time
        self._due = self._now()
        self._look = self._due

    def is_time_to_look(self) -> bool:
        """At once, and every quarter of a second from then on."""
        if self._now() < self._look:
            return False
        self._look = self._now() + LOOK_S
        return True

    def left_s(self) -> float:
        """Until the next one may go."""
        return self._due - self._now()

    def step(self) -> None:
        """One has gone. What was missed is not caught up."""
        self._due = max(self._due, self._now() - self._step_s) + self._step_s


def _failed(task: Task, dead_id: str, reason: str, code: str) -> None:
    task.progress.failed += 1
    if len(task.progress.problems) < MAX_NAMED:
        task.progress.problems.append(Problem(id=dead_id, reason=reason[:500], code=code))
