"""The demo province in a thread of its own, for tests whose browser blocks theirs."""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from province import province


class ServedProvince:
    """`urls` has the base of the gateway and of each stand-in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(60)

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with province(self._folder) as world:
            self.urls = dict(world.urls)
            self._ready.set()
            await self._done.wait()
