"""A Redis-protocol server that says what a test tells it to: it counts connections, keeps what it was told, and may be silent."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hiredis

Answer = Callable[[list[bytes], asyncio.StreamWriter], Awaitable[None] | None]


def echo(command: list[bytes], writer: asyncio.StreamWriter) -> None:
    """The last argument."""
    writer.write(bulk(command[-1]))


def bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


@dataclass
class ScriptedRedis:
    """`answer` gets each command after signing in."""

    answer: Answer = echo
    url: str = ""
    connections: int = 0
    reads: int = 0
    signed_in: list[list[bytes]] = field(default_factory=list)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        commands = hiredis.Reader()
        try:
            while data := await reader.read(65_536):
                self.reads += 1
                commands.feed(data)
                while command := commands.gets():
                    await self._say(command, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            self.tasks.discard(task)
            writer.transport.abort()

    async def _say(self, command: list[bytes], writer: asyncio.StreamWriter) -> None:
        if command[0] in (b"CLIENT", b"AUTH", b"SELECT"):
            self.signed_in.append(command)
            writer.write(b"+OK\r\n")
            return
        waiting = self.answer(command, writer)
        if waiting is not None:
            await waiting

    def hang_up(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()


@asynccontextmanager
async def scripted(
    answer: Answer = echo, *, path: Path | None = None, context: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedRedis]:
    """On a port, with TLS where there is a context; or at a path."""
    redis = ScriptedRedis(answer)
    if path is not None:
        listening = await asyncio.start_unix_server(redis.talk, path)
        redis.url = f"unix://{path}"
    else:
        listening = await asyncio.start_server(redis.talk, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        redis.url = f"redis{'s' if context else ''}://127.0.0.1:{port}/0"
    try:
        yield redis
    finally:
        listening.close()
        for task in list(redis.tasks):
            task.cancel()
        await asyncio.gather(*redis.tasks, return_exceptions=True)
