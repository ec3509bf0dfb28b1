"""One round of a poll: what a system lists is taken several at a time, each sender's in its order."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeVar

from lgsp import wirelog
from lgsp.errors import RejectedError, TransientError

__all__ = ["HANDS", "Failure", "side_by_side"]

HANDS = 8
"""How many are taken at a time; some of a client's connections are left for what is sent."""

Failure = TransientError | RejectedError
Item = TypeVar("Item")


async def side_by_side(
    queues: Collection[Iterable[Item]], take: Callable[[Item], Awaitable[int]]
) -> tuple[int, list[Failure]]:
    """What was taken, and what failed: an item that can't be taken holds back the later ones of its queue, and nobody else's.

    Raises:
        TransientError: the system is away, which ends the round, and so does whatever is no Failure.
    """
    waiting = iter(queues)
    failures: list[Failure] = []

    async def hand() -> int:
        taken = 0
        for queue in waiting:
            for item in queue:
                try:
                    with wirelog.item():
                        taken += await take(item)
                except (TransientError, RejectedError) as exc:
                    if isinstance(exc, TransientError) and exc.system_down:
                        raise
                    failures.append(exc)
                    break
        return taken

    hands = [asyncio.create_task(hand()) for _ in range(min(HANDS, len(queues)))]
    try:
        return sum(await asyncio.gather(*hands)), failures
    finally:
        for each in hands:
            each.cancel()
        await asyncio.gather(*hands, return_exceptions=True)
