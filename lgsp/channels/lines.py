"""The connections to one server, or to the primary that sentinels watch over: one that all share, and some for what may take long."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError

from lgsp.channels.line import ANSWER_TIMEOUT_S, Argument, Line, pack, replies_of

__all__ = ["Lines"]

_LARGE_BYTES = 256 << 10
"""What is larger has a connection of its own: on a slow network others would wait behind it."""


class Lines:
    """Redis-py finds the server and signs in; the commands go over our own lines. Nothing is sent twice."""

    def __init__(self, client: Redis, most: int) -> None:
        self._client = client
        # Kept apart, because redis-py reorders its list while others go through it, and may lose one.
        pool = client.connection_pool
        self._watchers = (
            tuple(pool.sentinel_manager.sentinels) if isinstance(pool, SentinelConnectionPool) else ()
        )
        self._parsers = dict(client.response_callbacks)
        # redis-py would make a dictionary of each entry: a journal entry has hundreds of fields.
        del self._parsers["XREAD"], self._parsers["XREADGROUP"]
        self._shared: Line | None = None
        self._connecting: asyncio.Task[Line] | None = None
        self._idle: list[Line] = []
        self._free = asyncio.Semaphore(most)
        self._all: set[Line] = set()
        self._is_closed = False

    async def ask(self, key: str, command: Sequence[Argument]) -> object:
        """One command that does not block."""
        packed = pack(command)
        if len(packed) > _LARGE_BYTES:
            [reply] = await self.ask_apart(key, [command])
            return reply
        line = await self._ready()
        return self._parsed(command, await line.ask(packed))

    async def ask_all(self, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """All in one round trip; not atomic."""
        return await self._together(await self._ready(), commands)

    async def ask_apart(self, _key: str, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """One after the other on a connection of their own: they may block, or ask about what it did last."""
        own = await self._borrow()
        try:
            return await self._together(own, commands)
        finally:
            self._give_back(own)

    async def _together(self, line: Line, commands: Sequence[Sequence[Argument]]) -> list[object]:
        replies = await replies_of([line.ask(pack(command)) for command in commands])
        return [self._parsed(*pair) for pair in zip(commands, replies, strict=True)]

    def _parsed(self, command: Sequence[Argument], reply: object) -> object:
        parse = self._parsers.get(str(command[0]))
        return reply if parse is None else parse(reply)

    async def _ready(self) -> Line:
        """The line that all share, with room for a command."""
        line = self._shared
        if line is None or line.is_over:
            line = await self._connected()
        if line.is_full:
            await line.room()
        return line

    async def _connected(self) -> Line:
        """Whoever comes while it is being made waits for the same one."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="redis-connect")
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Line:
        try:
            line = await self._make()
        except asyncio.CancelledError as exc:
            # By `aclose` only. Those who wait are not cancelled.
            raise RedisConnectionError("the client is closed") from exc
        finally:
            self._connecting = None
        # The primary may be another by now.
        for old in self._all - {line}:
            old.retire()
        self._shared = line
        return line

    async def _make(self) -> Line:
        if self._is_closed:
            raise RedisConnectionError("the client is closed")
        connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        try:
            await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        line = Line(connection, self._all.discard)
        self._all.add(line)
        if self._is_closed:  # meanwhile: nobody else would end it
            line.close()
            raise RedisConnectionError("the client is closed")
        return line

    async def _borrow(self) -> Line:
        """A line that nobody else uses meanwhile."""
        if self._free.locked():
            await self._until_free()
        else:
            await self._free.acquire()  # at once
        try:
            while self._idle:
                line = self._idle.pop()
                if not line.is_over:
                    return line
            return await self._make()
        except BaseException:
            self._free.release()
            raise

    async def _until_free(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._free.acquire()
        except TimeoutError as exc:
            raise RedisConnectionError("no connection is free") from exc

    def _give_back(self, line: Line) -> None:
        if line.is_idle:
            self._idle.append(line)
        else:  # who has stopped waiting leaves a reply to come
            line.close()
        self._free.release()

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        gone = [line.gone for line in self._all]
        for line in list(self._all):
            line.close()
        if gone:
            await asyncio.wait(gone, timeout=ANSWER_TIMEOUT_S)
        for client in (self._client, *self._watchers):
            await client.aclose(close_connection_pool=True)
