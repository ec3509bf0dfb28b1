"""The bus as operating system processes that can be killed, and publishers that do not give up."""

import asyncio
import json
import os
import signal
import sys
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

import httpx

from builders import message
from chaos.history import History
from chaos.servers import free_port
from lgsp.bus import Bus, BusParts
from lgsp.channels import Accepted, Keys, Server
from lgsp.clock import SystemClock
from lgsp.errors import BackpressureError, ChannelUnavailableError
from lgsp.message import Message
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry

__all__ = ["PARTITIONS", "Gateway", "Province", "Publishes", "StandIn", "Worker", "publish_all", "publishing"]

PARTITIONS = 4
_HERE = Path(__file__).parent
_READY_S = 60.0


@dataclass
class Province:
    """One folder, one server URL, one sink: what every worker of a test shares.

    `worker_url`: where the workers reach the server, if not at `url`. `jumping`: their clocks jump at SIGUSR1. `stumbles`: so many of
    a hundred messages fail at their first attempt. `config`: another lgsp.toml than the one with the sink.
    """

    folder: Path
    url: str
    delay_s: float = 0.0
    replicas: int = 0
    stumbles: float = 0.0
    jumping: bool = False
    worker_url: str = ""
    config: str = ""
    workers: list["Worker"] = field(default_factory=list)
    workers_beside: list["Worker"] = field(default_factory=list)
    _logs: Iterator[int] = field(default_factory=count)

    @property
    def effects(self) -> Path:
        """What the receiving system wrote down."""
        return self.folder / "effects.tsv"

    def environment(self) -> dict[str, str]:
        """For a part of this province."""
        config = self.folder / "lgsp.toml"
        if not config.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            config.write_text(
                self.config
                or f"partitions = {PARTITIONS}\n"
                f'[systems.sink]\nadapter = "sink:FileSink"\nurl = "http://127.0.0.1:9"\nfile = {json.dumps(str(self.effects))}\n'
                f"delay_s = {self.delay_s}\nstumbles = {self.stumbles}\n"
                '[[routes]]\nname = "all"\nwhen = ["document.*"]\nto = ["sink"]\n'
            )
        own = {name: value for name, value in os.environ.items() if not name.startswith("LGSP_")}
        path = os.pathsep.join([str(_HERE), *filter(None, [own.get("PYTHONPATH")])])
        return own | {
            "LGSP_CONFIG": str(config),
            "LGSP_DATA_DIR": str(self.folder / "data"),
            "LGSP_REDIS_URL": self.url,
            "LGSP_REPLICAS": str(self.replicas),
            "PYTHONPATH": path,
        }

    async def worker(self) -> "Worker":
        """Start one more, and wait until it is ready."""
        log = self.folder / f"worker-{next(self._logs)}.log"
        command = (
            [str(_HERE / "worker.py")] if self.jumping else ["-m", "lgsp", "up", "--only", "worker", "--json"]
        )
        url = {"LGSP_REDIS_URL": self.worker_url} if self.worker_url else {}
        started = Worker(await _start(command, self.environment() | url, log), log)
        self.workers.append(started)
        await started.ready()
        return started

    async def stop(self) -> None:
        """Whatever still runs is killed."""
        for worker in (*self.workers, *self.workers_beside):
            worker.signal(signal.SIGCONT)
            await worker.kill()


@dataclass
class Worker:
    """`lgsp up --only worker`."""

    process: asyncio.subprocess.Process
    log: Path

    async def ready(self, word: bytes = b"ready") -> None:
        """Until it says so."""
        if self.process.stdout is None:
            raise AssertionError("the worker's output is not read")
        line = await asyncio.wait_for(self.process.stdout.readline(), _READY_S)
        if word not in line:
            raise AssertionError(f"it did not start: {line!r} {self.log.read_text()[-2000:]}")

    def signal(self, number: int) -> None:
        """SIGSTOP, SIGCONT, SIGTERM …"""
        if self.process.returncode is None:
            os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """As a rolling restart does it; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.process.wait()


@dataclass
class StandIn:
    """`lgsp mock axis`, with its state in the province's folder. It keeps its port, so it can be killed and started again."""

    province: Province
    port: int = field(default_factory=free_port)
    part: Worker | None = None

    @property
    def url(self) -> str:
        """Of its wire."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """And wait until it answers."""
        log = self.province.folder / f"axis-{next(self.province._logs)}.log"
        command = ["-m", "lgsp", "mock", "axis", "--port", str(self.port), "--no-autopilot", "--json"]
        self.part = Worker(await _start(command, self.province.environment(), log), log)
        self.province.workers_beside.append(self.part)
        await self.part.ready(word=b"url")

    async def kill(self) -> None:
        """kill -9."""
        if self.part is not None:
            await self.part.kill()


@dataclass
class Gateway:
    """`lgsp up --only gateway`, and a publisher that speaks HTTP with it. It keeps its port, so it can be killed and started again."""

    province: Province
    http: httpx.AsyncClient
    port: int = field(default_factory=free_port)
    part: Worker | None = None

    async def start(self) -> None:
        """And wait until it is ready."""
        log = self.province.folder / f"gateway-{next(self.province._logs)}.log"
        command = ["-m", "lgsp", "up", "--only", "gateway", "--json"]
        environment = self.province.environment() | {"LGSP_PORT": str(self.port)}
        self.part = Worker(await _start(command, environment, log), log)
        self.province.workers_beside.append(self.part)
        await self.part.ready()

    async def kill(self) -> None:
        """kill -9."""
        if self.part is not None:
            await self.part.kill()

    async def publish(self, sent: Message) -> Accepted:
        """As a connector does it.

        Raises:
            ChannelUnavailableError: no answer, or not now; publish again.
        """
        headers = {"content-type": "application/cloudevents+json"}
        url = f"http://127.0.0.1:{self.port}/v1/messages"
        try:
            answer = await self.http.post(url, content=sent.to_json(), headers=headers)
        except httpx.HTTPError as exc:
            raise ChannelUnavailableError(f"gateway: {exc!r}") from exc
        if answer.status_code in {429, 503}:
            raise ChannelUnavailableError(answer.text)
        if not answer.is_success:
            log = self.part.log.read_text()[-3000:] if self.part else ""
            raise AssertionError(f"{answer.text} {log}")
        return Accepted(answer.status_code == 202, 0, "")


async def _start(
    command: Sequence[str], environment: dict[str, str], log: Path
) -> asyncio.subprocess.Process:
    with log.open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )


@asynccontextmanager
async def publishing(province: Province, system: str = "sink") -> AsyncIterator[Bus]:
    """A bus to publish on, as a gateway has it."""
    server = Server(province.url, replicas=province.replicas)
    parts = BusParts(
        server, Keys(partitions=PARTITIONS), Router([]), SchemaRegistry(), SystemClock(), {system: object()}
    )
    bus = Bus(parts)
    try:
        await server.open()
        await bus.open()
        yield bus
    finally:
        await server.aclose()


class Publishes(Protocol):
    """The bus itself, or its gateway."""

    async def publish(self, message: Message, /) -> Accepted:
        """Check and accept."""
        ...


def sample(message_id: str, subject: str) -> Message:
    """The same for the same id; one in six is large, and lies beside the streams."""
    small = message(message_id, subject=subject)
    if zlib.crc32(message_id.encode()) % 6:
        return small
    # Not by more recipients: the axis knows only some, and would refuse it.
    return message(message_id, subject=subject, data=small.data | {"content": "Ủ" * 4000})


async def nothing_is_kept(bus: Bus) -> bool:
    """Whether no large body lies on the server any more."""
    keys = bus.parts.keys
    patterns = [f"{keys.bodies(number)}:*" for number in range(keys.partitions)]
    return not any([await bus.parts.server.call("KEYS", pattern) for pattern in patterns])


async def publish_all(bus: Publishes, history: History, subjects: Sequence[str], each: int) -> None:
    """Each subject's messages one after the other, each again until the bus has it; some of them twice on purpose."""
    await asyncio.gather(*(_publish_subject(bus, history, subject, each) for subject in subjects))


async def _publish_subject(bus: Publishes, history: History, subject: str, each: int) -> None:
    already = len(history.accepted[subject])
    for number in range(already, already + each):
        sent = sample(f"{subject}-{number:05}", subject)
        for _ in range(2 if number % 10 == 0 else 1):
            while True:
                try:
                    await bus.publish(sent)
                    break
                except (ChannelUnavailableError, BackpressureError):
                    await asyncio.sleep(0.05)
        history.accepted[subject].append(sent.id)
