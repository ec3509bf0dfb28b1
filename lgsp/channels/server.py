"""The connection to the Redis-protocol server, and the one place where its errors become ours."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import AuthenticationError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from lgsp.errors import ChannelUnavailableError, ConfigurationError

__all__ = ["Argument", "Fields", "Server", "StreamRecord"]

Fields = Mapping[bytes, bytes]
Argument = str | bytes | int | float
StreamRecord = tuple[str, Fields]
_ANSWER_TIMEOUT_S = 10.0


class Server:
    """One Redis-protocol server (Valkey, or Redis >= 6.2) with a bounded pool of connections."""

    def __init__(self, url: str, *, max_connections: int = 128) -> None:
        scheme = urlsplit(url).scheme
        if scheme not in {"redis", "rediss", "unix"}:
            raise ConfigurationError(
                f"LGSP_REDIS_URL: scheme {scheme!r} is not supported; use redis://, rediss:// or unix://"
            )
        self.url = url
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=_ANSWER_TIMEOUT_S,
            protocol=2,
            socket_timeout=_ANSWER_TIMEOUT_S,
            socket_connect_timeout=_ANSWER_TIMEOUT_S,
            decode_responses=False,
        )
        self._redis: Redis = Redis(connection_pool=pool)
        self._digests: dict[str, str] = {}

    async def open(self) -> Self:
        """Check that the server answers and is new enough.

        Raises:
            ConfigurationError: nothing there, wrong credentials, or a server older than 6.2.
        """
        try:
            information = await self._redis.info("server")
        except AuthenticationError as exc:
            raise ConfigurationError(
                f"Redis at {self.place} refused the credentials; check LGSP_REDIS_URL"
            ) from exc
        except (RedisError, OSError) as exc:
            raise ConfigurationError(
                f"no Redis answers at {self.place} ({exc}); start one, or unset LGSP_REDIS_URL for the embedded server"
            ) from exc
        version = str(information.get("redis_version", "0.0"))
        if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
            raise ConfigurationError(f"Redis at {self.place} is {version}; 6.2 or newer is needed")
        return self

    @property
    def place(self) -> str:
        """Host and port, without credentials."""
        parts = urlsplit(self.url)
        return f"{parts.hostname or parts.path}:{parts.port or 6379}"

    async def aclose(self) -> None:
        """Give back every connection."""
        await self._redis.aclose(close_connection_pool=True)

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """Run a script by its digest, loading it where the server does not know it yet."""
        async with _translated(self.place):
            digest = self._digests.get(script)
            if digest is None:
                digest = self._digests[script] = str(await self._redis.script_load(script))
            try:
                return await self._redis.evalsha(digest, len(keys), *keys, *arguments)
            except NoScriptError:
                await self._redis.script_load(script)
                return await self._redis.evalsha(digest, len(keys), *keys, *arguments)

    async def call(self, *command: Argument) -> object:
        """Run one command."""
        async with _translated(self.place):
            # redis-py leaves execute_command untyped
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]

    async def pipeline(self, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """Run commands in one round trip; not atomic."""
        async with _translated(self.place), self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return list(await pipe.execute())

    async def create_group(self, stream: str, group: str) -> None:
        """Create the consumer group at the beginning of the stream; one that exists stays as it is."""
        try:
            await self.call("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
        except ResponseError as exc:
            if not str(exc).startswith("BUSYGROUP"):
                raise

    async def read_group(
        self, stream: str, group: str, *, cursor: str, count: int, block_ms: int
    ) -> list[StreamRecord]:
        """Next entries of a group. `cursor` is `>` for new ones, or an id: what was read after it and never acknowledged."""
        command: list[str | int] = ["XREADGROUP", "GROUP", group, "worker", "COUNT", count]
        if block_ms > 0 and cursor == ">":
            command += ["BLOCK", min(block_ms, int(_ANSWER_TIMEOUT_S * 500))]
        try:
            reply = await self.call(*command, "STREAMS", stream, cursor)
        except ResponseError as exc:
            if not str(exc).startswith("NOGROUP"):
                raise
            await self.create_group(stream, group)
            return []
        return records_of(reply)

    async def now_ms(self) -> int:
        """The server's own clock, in milliseconds."""
        reply = await self.call("TIME")
        seconds, micros = reply if isinstance(reply, (list, tuple)) else (0, 0)
        return int(seconds) * 1000 + int(micros) // 1000


def records_of(reply: object) -> list[StreamRecord]:
    """Entries of an XREADGROUP reply over one stream; RESP3 has a map of streams where RESP2 has pairs."""
    if isinstance(reply, dict):
        return [record for groups in reply.values() for group in groups for record in entries_of(group)]
    return [record for pair in reply for record in entries_of(pair[1])] if isinstance(reply, list) else []


def entries_of(reply: object) -> list[StreamRecord]:
    """Entries as XRANGE gives them; one that was deleted meanwhile has no fields."""
    return [(_text(entry_id), fields or {}) for entry_id, fields in reply] if isinstance(reply, list) else []


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@asynccontextmanager
async def _translated(place: str) -> AsyncIterator[None]:
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError) as exc:
        raise ChannelUnavailableError(f"the Redis server at {place} does not answer: {exc}") from exc
    except ResponseError as exc:
        if str(exc).startswith(("OOM", "MISCONF", "LOADING", "READONLY")):
            raise ChannelUnavailableError(f"the Redis server at {place} refuses writes: {exc}") from exc
        raise
