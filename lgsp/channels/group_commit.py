"""Group commit: what arrives while a round trip is under way goes together with the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

__all__ = ["GroupCommit"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Done = Callable[[Result | BaseException], None]


class GroupCommit(Generic[Item, Result]):
    """Sends items in the order of their coming, one batch at a time; alone, an item waits for nobody.

    A batch holds at most `most` items and, beyond its first, `most_bytes` by `weigh`. `send` answers with one result for each; its
    error is the error of every item of the batch.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int,
        most_bytes: int,
        weigh: Callable[[Item], int],
    ) -> None:
        self._send = send
        self._most = most
        self._most_bytes = most_bytes
        self._weigh = weigh
        self._waiting: deque[tuple[Item, Done[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, item: Item, done: Done[Result]) -> None:
        """Send, and call `done` with the result, or with the error."""
        self._waiting.append((item, done))
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="group-commit")

    def submit(self, item: Item) -> "asyncio.Future[Result]":
        """Send; the result comes by the future. Whoever stops waiting does not take the item back."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.put(item, partial(_settle, future))
        return future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._one_batch(self._take())
        finally:
            self._task = None
            left, self._waiting = self._waiting, deque()
            for _, done in left:
                done(asyncio.CancelledError())

    async def _one_batch(self, batch: Sequence[tuple[Item, Done[Result]]]) -> None:
        try:
            results: Sequence[Result | BaseException] = await self._send([item for item, _ in batch])
        except asyncio.CancelledError as exc:
            for _, done in batch:
                done(exc)
            raise
        except Exception as exc:  # noqa: BLE001 - it belongs to those who wait
            results = [exc] * len(batch)
        for (_, done), result in zip(batch, results, strict=True):
            done(result)

    def _take(self) -> list[tuple[Item, Done[Result]]]:
        batch = [self._waiting.popleft()]
        room = self._most_bytes - self._weigh(batch[0][0])
        while self._waiting and len(batch) < self._most:
            room -= self._weigh(self._waiting[0][0])
            if room < 0:
                break
            batch.append(self._waiting.popleft())
        return batch


def _settle(future: "asyncio.Future[Result]", result: Result | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, asyncio.CancelledError):
        future.cancel()
    elif isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
