"""One connection to a Redis-protocol server, on which commands follow one another; their replies come in the same order."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import hiredis
from redis.asyncio.connection import AbstractConnection, DefaultParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

__all__ = ["ANSWER_TIMEOUT_S", "Argument", "Line", "pack", "replies_of"]

Argument = str | bytes | int | float
Reply = asyncio.Future[object]

ANSWER_TIMEOUT_S = 10.0
_MOST_OWED = 1_024
_WRITE_BYTES = 64 << 10
_MORE = object()


class Line(asyncio.Protocol):
    """What many tasks ask in one turn of the loop goes out together. Whoever stops waiting does not take the command back.

    `is_over`: it takes no more commands, because it was lost, is to be closed, or leads to a server that is no primary any more.
    """

    def __init__(self, connection: AbstractConnection, ended: Callable[["Line"], None]) -> None:
        """Takes the socket of a connection that redis-py has made and signed in."""
        writer = connection._writer  # noqa: SLF001 - redis-py gives it to nobody
        if writer is None:
            raise RedisConnectionError("the connection was lost")
        connection._reader = connection._writer = None  # noqa: SLF001 - ours by now
        self._loop = asyncio.get_running_loop()
        self._writer = writer  # kept: one that nobody holds closes its socket
        self._transport = writer.transport
        self._transport.set_protocol(self)
        self._ended = ended
        self._replies = hiredis.Reader(
            protocolError=InvalidResponse, replyError=DefaultParser.parse_error, notEnoughData=_MORE
        )
        self._owed: deque[tuple[Reply, float]] = deque()
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._is_paused = False
        self.is_over = False
        self.gone: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_idle(self) -> bool:
        """Whether every reply has come, and another command may be sent."""
        return not self._owed and not self.is_over

    @property
    def is_full(self) -> bool:
        """Whether who asks should wait until there is room."""
        return self._is_paused or len(self._owed) >= _MOST_OWED

    def ask(self, packed: bytes) -> Reply:
        """Send a command. Its reply, or its error, comes within ANSWER_TIMEOUT_S.

        Raises:
            RedisConnectionError: nothing was sent.
        """
        if self.is_over:
            raise RedisConnectionError("the connection is closed")
        reply: Reply = self._loop.create_future()
        due = self._loop.time() + ANSWER_TIMEOUT_S
        self._owed.append((reply, due))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(packed)
        self._unsent_bytes += len(packed)
        if self._unsent_bytes > _WRITE_BYTES:
            self._send()
        return reply

    async def room(self) -> None:
        """Wait until it is not full, or over.

        Raises:
            RedisTimeoutError: not within ANSWER_TIMEOUT_S.
        """
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while self.is_full and not self.is_over:
                    if self._room is None:
                        self._room = self._loop.create_future()
                    await asyncio.shield(self._room)
        except TimeoutError as exc:
            raise RedisTimeoutError("too many commands wait for their replies") from exc

    def retire(self) -> None:
        """Take no more commands; close as soon as the replies to those that were sent are there."""
        self.is_over = True
        self._make_room()
        if not self._owed:
            self._transport.abort()

    def close(self) -> None:
        """Close at once."""
        self._lose(RedisConnectionError("the connection was closed"))

    def _send(self) -> None:
        if self._unsent:
            unsent, self._unsent, self._unsent_bytes = self._unsent, [], 0
            self._transport.writelines(unsent)

    def _look(self) -> None:
        """Has the oldest command been answered in time? Who has stopped waiting for it does not change that it should be."""
        self._timer = None
        if not self._owed:
            return
        _, due = self._owed[0]
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._lose(RedisTimeoutError(f"no reply within {ANSWER_TIMEOUT_S:g} s"))

    def _lose(self, error: RedisError) -> None:
        """Nothing more comes: what was asked may have happened, or not."""
        self.is_over = True
        self._unsent.clear()
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        owed, self._owed = self._owed, deque()
        for reply, _ in owed:
            if not reply.done():
                reply.set_exception(type(error)(*error.args))
        self._make_room()

    def _make_room(self) -> None:
        """Only when there is plenty: all who wait wake up."""
        if self._room is None:
            return
        if self.is_over or (not self._is_paused and len(self._owed) <= _MOST_OWED // 2):
            self._room.set_result(None)
            self._room = None

    # What the socket says

    def data_received(self, data: bytes) -> None:
        """Hand the replies to those who wait, in their order."""
        try:
            self._replies.feed(data)
            while self._owed and (found := self._replies.gets()) is not _MORE:
                self._answer(self._owed.popleft()[0], found)
        except InvalidResponse as exc:
            self._lose(RedisConnectionError(str(exc)))
        if not self._owed and self._replies.has_data():
            self._lose(RedisConnectionError("the server said what nobody asked"))
        self._make_room()
        if self.is_over and not self._owed:
            self._transport.abort()

    def _answer(self, reply: Reply, found: object) -> None:
        if isinstance(found, ReadOnlyError):
            # A primary that was demoted; the next connection asks the sentinels.
            self.is_over = True
        if reply.done():
            return
        if isinstance(found, Exception):
            reply.set_exception(found)
        else:
            reply.set_result(found)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._lose(RedisConnectionError(str(exc) if exc is not None else "the server closed the connection"))
        if not self.gone.done():
            self.gone.set_result(None)
        self._ended(self)

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """There is room again."""
        self._is_paused = False
        self._make_room()


def pack(command: Sequence[Argument]) -> bytes:
    """As it goes over the wire; the name may be of several words. In C: a hop of many messages has thousands of arguments."""
    name = command[0]
    words = name.split() if isinstance(name, str) and " " in name else (name,)
    packed: bytes = hiredis.pack_command((*words, *command[1:]))
    return packed


async def replies_of(asked: Sequence[Reply]) -> list[object]:
    """All of them, or the first error."""
    if len(asked) == 1:
        return [await asked[0]]
    replies = await asyncio.gather(*asked, return_exceptions=True)
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
    return replies
