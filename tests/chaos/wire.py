"""A link between two parts that can be cut, go silent, or be slow. Loopback only."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["Link"]

_CHUNK = 65_536


class Link:
    """A TCP proxy in front of one port. `delay_s` is added to every chunk, each way."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self.delay_s = 0.0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self._drop()

    @property
    def url(self) -> str:
        """For a single server behind it."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def cut(self) -> None:
        """Every connection breaks, and none can be made."""
        self._is_cut = True
        await self._drop()

    def silence(self) -> None:
        """Connections stay, and nothing comes through: what a lost route looks like."""
        self._flows.clear()

    def mend(self) -> None:
        """All is well again."""
        self._is_cut, self.delay_s = False, 0.0
        self._flows.set()

    async def _drop(self) -> None:
        pumps = list(self._pumps)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while chunk := await source.read(_CHUNK):
                    await self._flows.wait()
                    if self.delay_s:
                        await asyncio.sleep(self.delay_s)
                    sink.write(chunk)
                    await sink.drain()
        finally:
            sink.transport.abort()
