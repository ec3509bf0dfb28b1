"""The connection to the Redis-protocol server, and the one place where its errors become ours."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha1
from types import TracebackType
from typing import Self

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

from lgsp.channels.connect import Place, connect
from lgsp.channels.line import ANSWER_TIMEOUT_S, Argument
from lgsp.errors import ChannelUnavailableError, ConfigurationError

__all__ = ["GROUP", "Argument", "Fields", "FlatRecord", "Server", "ServerFullError", "StreamRecord"]

Fields = Mapping[bytes, bytes]
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
    """One Redis-protocol server, cluster or watched primary (Valkey, or Redis >= 6.2)."""

    def __init__(self, url: str, *, max_connections: int = 128, replicas: int = 0) -> None:
        self.url = url
        self.replicas = replicas
        self.place = Place.of(url)
        self._client = connect(url, max_connections)
        self._errors = _Translated(self.place)

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
        reply = await self._client.ask("", ("INFO", section))
        if isinstance(reply, dict):
            return {str(name): str(value) for name, value in reply.items()}
        return {}

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """Run a script by its digest where its keys are, loading it where that server does not know it yet."""
        command = ("EVALSHA", _digest(script), len(keys), *keys, *arguments)
        with self._errors:
            try:
                return await self._client.ask(keys[0], command)
            except NoScriptError:
                await self._client.ask(keys[0], ("SCRIPT LOAD", script))
                return await self._client.ask(keys[0], command)

    async def run_replicated(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> object:
        """Run a script that writes; returns only when as many replicas have it as the settings ask for.

        Raises:
            ChannelUnavailableError: too few replicas have it by now. It has happened; whether it outlives a failover is not known.
        """
        if not self.replicas:
            return await self.run(script, keys, arguments)
        # On one connection: WAIT counts from its own connection's last write.
        commands = (
            ("EVALSHA", _digest(script), len(keys), *keys, *arguments),
            ("WAIT", self.replicas, _REPLICATION_MS),
        )
        with self._errors:
            try:
                reply, found = await self._client.ask_apart(keys[0], commands)
            except NoScriptError:
                await self._client.ask(keys[0], ("SCRIPT LOAD", script))
                reply, found = await self._client.ask_apart(keys[0], commands)
        if int(str(found)) < self.replicas:
            raise ChannelUnavailableError(
                f"{found} of {self.replicas} wanted replicas have it; publish again, a repeat is harmless"
            )
        return reply

    async def call(self, name: str, *arguments: Argument) -> object:
        """Run one command, whose first argument is its key."""
        with self._errors:
            return await self._client.ask(str(arguments[0]) if arguments else "", (name, *arguments))

    async def ask(self, name: str, *arguments: Argument) -> object:
        """Run one command without a key, on any node."""
        with self._errors:
            return await self._client.ask("", (name, *arguments))

    async def pipeline(self, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """Run commands in one round trip (per node); not atomic."""
        with self._errors:
            return await self._client.ask_all(commands)

    async def create_group(self, stream: str, group: str) -> None:
        """Create the consumer group at the beginning of the stream; one that exists stays as it is, also on a server that is full.

        Raises:
            ServerFullError: there is none, and no room for it.
        """
        try:
            await self.call("XGROUP CREATE", stream, group, "0", "MKSTREAM")
        except ServerFullError:
            if not await self._has_group(stream, group):
                raise
        except ResponseError as exc:
            if not str(exc).startswith("BUSYGROUP"):
                raise

    async def _has_group(self, stream: str, group: str) -> bool:
        try:
            await self.call("XPENDING", stream, group)
        except ResponseError:  # NOGROUP: there is no such stream, or no such group
            return False
        return True

    async def wait_and_read(self, stream: str, count: int, block_ms: int) -> list[FlatRecord]:
        """The first entries of a stream, waiting for one where it is empty; takes nothing."""
        command = ("XREAD", "COUNT", count, "BLOCK", _bounded(block_ms), "STREAMS", stream, "0-0")
        with self._errors:
            [reply] = await self._client.ask_apart(stream, [command])
        return flat_records(reply)

    async def wait_for_entry(self, stream: str, after: str, block_ms: int) -> bool:
        """Wait until the stream has an entry behind that id; takes nothing."""
        command = ("XREAD", "COUNT", 1, "BLOCK", _bounded(block_ms), "STREAMS", stream, after)
        with self._errors:
            [reply] = await self._client.ask_apart(stream, [command])
        return bool(reply)

    async def wait_for_entries(self, after: Mapping[str, str], block_ms: int) -> None:
        """Wait until one of the streams has an entry behind that id, or for so long; takes nothing."""
        if self.place.kind == "cluster":
            # A cluster can't wait on several slots at once.
            await asyncio.sleep(min(block_ms, _CLUSTER_PAUSE_MS) / 1000)
            return
        streams = (*after, *after.values())
        command: list[Argument] = ["XREAD", "COUNT", 1, "BLOCK", _bounded(block_ms), "STREAMS", *streams]
        with self._errors:
            await self._client.ask_apart("", [command])

    async def now_ms(self) -> int:
        """The server's own clock, in milliseconds."""
        reply = await self.ask("TIME")
        seconds, micros = reply if isinstance(reply, (list, tuple)) else (0, 0)
        return int(seconds) * 1000 + int(micros) // 1000


@cache
def _digest(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()


def _bounded(block_ms: int) -> int:
    return min(block_ms, int(ANSWER_TIMEOUT_S * 500))


def flat_records(reply: object) -> list[FlatRecord]:
    """Entries of one stream, as XREAD and XREADGROUP give them; one that was deleted meanwhile has no fields."""
    if not isinstance(reply, list):
        return []
    return [(entry_id.decode(), fields or []) for _, entries in reply for entry_id, fields in entries]


def entries_of(reply: object) -> list[StreamRecord]:
    """Entries as XRANGE gives them; one that was deleted meanwhile has no fields."""
    return [(_text(entry_id), fields or {}) for entry_id, fields in reply] if isinstance(reply, list) else []


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class _Translated:
    """What the server and its client say, in our words."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        match exc:
            case RedisConnectionError() | RedisTimeoutError() | RedisClusterException() | OSError():
                raise ChannelUnavailableError(
                    f"the Redis server at {self._place} does not answer: {exc}"
                ) from exc
            case RuntimeError() | AttributeError() if any(words in str(exc) for words in _TAKEN_AWAY):
                raise ChannelUnavailableError(
                    f"the connection to the Redis server at {self._place} was closed"
                ) from exc
            case ResponseError() if isinstance(exc, OutOfMemoryError) or str(exc).startswith("OOM"):
                raise ServerFullError(f"the memory of the Redis server at {self._place} is full") from exc
            case ResponseError() if isinstance(exc, _NOT_NOW) or str(exc).startswith(_REFUSALS):
                raise ChannelUnavailableError(
                    f"the Redis server at {self._place} refuses writes: {exc}"
                ) from exc
