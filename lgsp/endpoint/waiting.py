"""Waiting that a sign to stop ends."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

__all__ = ["until_stopped"]

T = TypeVar("T")


async def until_stopped(work: Coroutine[object, object, T], *signs: asyncio.Event) -> T | None:
    """Wait for `work`, or for one of the signs, whichever comes first; work that is cut short is cancelled."""
    task = asyncio.ensure_future(work)
    # Whoever is cancelled in the moment in which it fails does not ask how it ended.
    task.add_done_callback(_heard)
    stops = [asyncio.ensure_future(sign.wait()) for sign in signs]
    try:
        await asyncio.wait({task, *stops}, return_when=asyncio.FIRST_COMPLETED)
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
