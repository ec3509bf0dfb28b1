"""Waiting that a sign to stop ends, or a limit."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Literal, TypeVar

__all__ = ["Limit", "until_stopped"]

T = TypeVar("T")


async def until_stopped(
    work: Coroutine[object, object, T], *signs: "asyncio.Event | asyncio.Task[Literal[True]]"
) -> T | None:
    """Wait for `work`, or for one of the signs, whichever comes first; work that is cut short is cancelled.

    Of a sign that is waited for all the time, the caller has one task: another for each wait takes as long as the wait itself.
    """
    task = asyncio.ensure_future(work)
    # Whoever is cancelled in the moment in which it fails does not ask how it ended.
    task.add_done_callback(_heard)
    stops = [asyncio.ensure_future(sign.wait()) for sign in signs if isinstance(sign, asyncio.Event)]
    given = [sign for sign in signs if not isinstance(sign, asyncio.Event)]
    try:
        await asyncio.wait({task, *stops, *given}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for stop in stops:
            stop.cancel()
        if not task.done():
            task.cancel()
            # Not `await task`: its cancellation could not be told from our own, which must go on.
            await asyncio.wait({task})


def _heard(task: "asyncio.Task[T]") -> None:
    if not task.cancelled():
        task.exception()


class Limit:
    """A time limit that many tasks share, with one timer for all: a timer for each call took a fifteenth of the worker's time."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._running: dict[asyncio.Task[object], float] = {}  # in the order of their ends
        self._over: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[T]) -> T:
        """Wait for `work`, one at a time in each task.

        Raises:
            TimeoutError: the limit came first; `work` was cancelled.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is None:
            raise RuntimeError("only a task can be held to a limit")
        before, ends = task.cancelling(), loop.time() + self._limit_s
        self._running[task] = ends
        if self._timer is None:
            self._timer = loop.call_at(ends, self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            # As asyncio.timeout has it: whoever else cancels the task meanwhile is heard.
            if self._was_over(task) and task.cancelling() <= before:
                raise TimeoutError from None
            raise
        finally:
            del self._running[task]
            self._was_over(task)

    def _was_over(self, task: "asyncio.Task[object]") -> bool:
        """Whether it was cancelled from here; then that is taken back."""
        if task not in self._over:
            return False
        self._over.discard(task)
        task.uncancel()
        return True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for task, ends in self._running.items():
            if task in self._over:
                continue
            if ends > now:
                self._timer = loop.call_at(ends, self._look, loop)
                return
            self._over.add(task)
            task.cancel()
