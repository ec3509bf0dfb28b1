"""The connection to the Redis-protocol server, and the one place where its errors become ours."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from lgsp.channels.connect import ANSWER_TIMEOUT_S, Place, connect
from lgsp.errors import ChannelUnavailableError, ConfigurationError

__all__ = ["GROUP", "Argument", "Fields", "FlatRecord", "Server", "ServerFullError", "StreamRecord"]

Fields = Mapping[bytes, bytes]
Argument = str | bytes | int | float
StreamRecord = tuple[str, Fields]
FlatRecord = tuple[str, list[bytes]]
"""A stream entry as it came: its id, and name, value, name, value …"""

GROUP = "lgsp"
_REPLICATION_MS = 2_000
_CLUSTER_PAUSE_MS = 50
# redis-py takes the code off the messages of the errors that it knows.
_NOT_NOW = (ClusterDownError, MasterDownError, ReadOnlyError, TryAgainError)
_REFUSALS = ("MISCONF", "LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MASTERDOWN")

_TAKEN_AWAY = ("handler is closed", "'NoneType' object has no attribute 'write")
"""A connection that was closed while it was being used, by the other side or because the cluster is looked at anew: what uvloop and
redis-py say then."""


class ServerFullError(ChannelUnavailableError):
    """The server's memory has reached its bound; what frees memory is still done."""


class Server:
    """One Redis-protocol server, cluster or watched primary (Valkey, or Redis >= 6.2) with a bounded pool of connections."""

    def __init__(self, url: str, *, max_connections: int = 128, replicas: int = 0) -> None:
        self.url = url
        self.replicas = replicas
        self.place = Place.of(url)
        self._redis = connect(url, max_connections)
        self._watchers = _watchers(self._redis)
        # redis-py would make a dictionary of each entry: a journal entry has hundreds of fields.
        self._redis.set_response_callback("XREADGROUP", _as_it_came)
        self._digests: dict[str, str] = {}

    async def open(self) -> Self:
        """Check that the server answers and is new enough.

        Raises:
            ConfigurationError: nothing there, wrong credentials, or a server older than 6.2.
        """
        try:
            information = await self.information("server")
        except AuthenticationError as exc:
            raise ConfigurationError(
                f"Redis at {self.place} refused the credentials; check LGSP_REDIS_URL"
            ) from exc
        except (RedisError, OSError) as exc:
            raise ConfigurationError(
                f"no Redis answers at {self.place} ({exc}); start one, or unset LGSP_REDIS_URL for the embedded server"
            ) from exc
        version = information.get("redis_version", "0.0")
        if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
            raise ConfigurationError(f"Redis at {self.place} is {version}; 6.2 or newer is needed")
        return self

    async def information(self, section: str) -> dict[str, str]:
        """`INFO section` of the server; of one node, where it is a cluster."""
        reply = await self._execute("", "INFO", section)
        if isinstance(reply, dict):
            return {str(name): str(value) for name, value in reply.items()}
        return {}

    async def aclose(self) -> None:
        """Give back every connection."""
        if isinstance(self._redis, RedisCluster):
            await self._redis.aclose()
            return
        await self._redis.aclose(close_connection_pool=True)
        for watcher in self._watchers:
            await watcher.aclose(close_connection_pool=True)

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """Run a script by its digest where its keys are, loading it where that server does not know it yet."""
        digest = await self._digest(script, keys[0])
        async with _translated(self.place):
            try:
                return await self._execute(keys[0], "EVALSHA", digest, len(keys), *keys, *arguments)
            except NoScriptError:
                await self._load(script, keys[0])
                return await self._execute(keys[0], "EVALSHA", digest, len(keys), *keys, *arguments)

    async def run_replicated(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """Run a script that writes; returns only when as many replicas have it as the settings ask for.

        Raises:
            ChannelUnavailableError: too few replicas have it by now. It has happened; whether it outlives a failover is not known.
        """
        if not self.replicas:
            return await self.run(script, keys, arguments)
        digest = await self._digest(script, keys[0])
        commands = (
            ("EVALSHA", digest, len(keys), *keys, *arguments),
            ("WAIT", self.replicas, _REPLICATION_MS),
        )
        async with _translated(self.place):
            try:
                reply, found = await self._on_one_connection(keys[0], commands)
            except NoScriptError:
                await self._load(script, keys[0])
                reply, found = await self._on_one_connection(keys[0], commands)
        if int(str(found)) < self.replicas:
            raise ChannelUnavailableError(
                f"{found} of {self.replicas} wanted replicas have it; publish again, a repeat is harmless"
            )
        return reply

    async def _on_one_connection(self, key: str, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """One after the other: WAIT counts from its own connection's last write."""
        if not isinstance(self._redis, RedisCluster):
            async with self._redis.client() as own:
                return [await own.execute_command(*command) for command in commands]  # type: ignore[no-untyped-call]
        await self._redis.initialize()
        node = self._redis.get_node_from_key(key)
        if node is None:
            raise ClusterDownError(f"no node of the cluster serves {key}")
        connection = node.acquire_connection()
        try:
            replies: list[object] = []
            for command in commands:
                await connection.send_packed_command(connection.pack_command(*command))
                replies.append(await node.parse_response(connection, str(command[0])))
        except BaseException:
            await connection.disconnect()
            # The cluster may look different by now.
            await self._redis.aclose()
            raise
        finally:
            node.release(connection)
        return replies

    async def _digest(self, script: str, key: str) -> str:
        digest = self._digests.get(script)
        if digest is None:
            async with _translated(self.place):
                digest = self._digests[script] = await self._load(script, key)
        return digest

    async def _load(self, script: str, key: str) -> str:
        return _text(await self._execute(key, "SCRIPT LOAD", script))

    async def call(self, name: str, *arguments: Argument) -> object:
        """Run one command, whose first argument is its key."""
        async with _translated(self.place):
            return await self._execute(str(arguments[0]) if arguments else "", name, *arguments)

    async def ask(self, name: str, *arguments: Argument) -> object:
        """Run one command without a key, on any node."""
        async with _translated(self.place):
            return await self._execute("", name, *arguments)

    async def _execute(self, key: str, *command: Argument) -> object:
        """`key` says which node of a cluster is asked; "" is any."""
        redis = self._redis
        if not isinstance(redis, RedisCluster):
            # redis-py leaves execute_command untyped
            return await redis.execute_command(*command)  # type: ignore[no-untyped-call]
        await redis.initialize()
        node = redis.get_node_from_key(key) if key else redis.get_random_node()
        return await redis.execute_command(*command, target_nodes=[node])

    async def pipeline(self, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """Run commands in one round trip (per node); not atomic."""
        async with _translated(self.place):
            if isinstance(self._redis, RedisCluster):
                return [await self._execute(str(command[1]), *command) for command in commands]
            async with self._redis.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                return list(await pipe.execute())

    async def create_group(self, stream: str, group: str) -> None:
        """Create the consumer group at the beginning of the stream; one that exists stays as it is."""
        try:
            async with _translated(self.place):
                await self._execute(stream, "XGROUP CREATE", stream, group, "0", "MKSTREAM")
        except ResponseError as exc:
            if not str(exc).startswith("BUSYGROUP"):
                raise

    async def wait_for_entry(self, stream: str, after: str, block_ms: int) -> bool:
        """Wait until the stream has an entry behind that id; takes nothing."""
        block = min(block_ms, int(ANSWER_TIMEOUT_S * 500))
        async with _translated(self.place):
            reply = await self._execute(stream, "XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", stream, after)
        return bool(reply)

    async def wait_for_entries(self, after: Mapping[str, str], block_ms: int) -> None:
        """Wait until one of the streams has an entry behind that id, or for so long; takes nothing."""
        if isinstance(self._redis, RedisCluster):
            # A cluster can't wait on several slots at once.
            await asyncio.sleep(min(block_ms, _CLUSTER_PAUSE_MS) / 1000)
            return
        block = min(block_ms, int(ANSWER_TIMEOUT_S * 500))
        async with _translated(self.place):
            await self._execute("", "XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", *after, *after.values())

    async def now_ms(self) -> int:
        """The server's own clock, in milliseconds."""
        reply = await self.ask("TIME")
        seconds, micros = reply if isinstance(reply, (list, tuple)) else (0, 0)
        return int(seconds) * 1000 + int(micros) // 1000


def _as_it_came(response: object, **_options: object) -> object:
    return response


def flat_records(reply: object) -> list[FlatRecord]:
    """Entries of what a script got from XREADGROUP over one stream; one that was deleted meanwhile has no fields."""
    if not isinstance(reply, list):
        return []
    return [(entry_id.decode(), fields or []) for _, entries in reply for entry_id, fields in entries]


def entries_of(reply: object) -> list[StreamRecord]:
    """Entries as XRANGE gives them; one that was deleted meanwhile has no fields."""
    return [(_text(entry_id), fields or {}) for entry_id, fields in reply] if isinstance(reply, list) else []


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _watchers(client: "Redis | RedisCluster") -> tuple[Redis, ...]:
    """The clients of the sentinels. Kept apart, because redis-py reorders its list while others go through it, and may lose one."""
    pool = None if isinstance(client, RedisCluster) else client.connection_pool
    return tuple(pool.sentinel_manager.sentinels) if isinstance(pool, SentinelConnectionPool) else ()


@asynccontextmanager
async def _translated(place: Place) -> AsyncIterator[None]:
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, RedisClusterException, OSError) as exc:
        raise ChannelUnavailableError(f"the Redis server at {place} does not answer: {exc}") from exc
    except (RuntimeError, AttributeError) as exc:
        if not any(words in str(exc) for words in _TAKEN_AWAY):
            raise
        raise ChannelUnavailableError(f"the connection to the Redis server at {place} was closed") from exc
    except ResponseError as exc:
        if isinstance(exc, OutOfMemoryError) or str(exc).startswith("OOM"):
            raise ServerFullError(f"the memory of the Redis server at {place} is full") from exc
        if isinstance(exc, _NOT_NOW) or str(exc).startswith(_REFUSALS):
            raise ChannelUnavailableError(f"the Redis server at {place} refuses writes: {exc}") from exc
        raise
