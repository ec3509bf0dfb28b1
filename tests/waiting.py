"""Waiting for something to become true, with a time limit and a name for what was awaited."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(100):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)
    raise AssertionError(what)
