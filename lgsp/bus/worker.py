"""A worker: takes its fair share of the partitions by lease, and runs their stages."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from lgsp.adapter import Polls, Pulled, Sends
from lgsp.bus.bus import Bus
from lgsp.bus.intake import BusIntake
from lgsp.bus.polling import Polling
from lgsp.bus.route_stage import RouteStage
from lgsp.channels import Holder, Lease, PartitionLog, living_workers
from lgsp.endpoint import Endpoint, EndpointSettings, Target, until_stopped
from lgsp.errors import ChannelUnavailableError, StaleLeaseError
from lgsp.message import MessageReader
from lgsp.retry import Circuit, Pace
from lgsp.wirelog import WatchedPolls, WatchedSender

__all__ = ["Worker", "WorkerSettings"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Times in seconds. A killed worker's partitions are taken over after at most `lease_ttl_s` and one look-round."""

    lease_ttl_s: float = 3.0
    look_round_s: float = 0.5
    drain_s: float = 20.0
    poll_timeout_s: float = 60.0
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    endpoints: Mapping[str, EndpointSettings] = field(default_factory=dict)
    poll_interval_s: Mapping[str, float] = field(default_factory=dict)


class Worker:
    """Works partitions until it is told to stop; then it finishes what is in hand and gives the leases back."""

    def __init__(self, bus: Bus, owner: str, settings: WorkerSettings) -> None:
        self._bus = bus
        self._owner = owner
        self._settings = settings
        self._server = bus.parts.server
        self._circuits = {system: Circuit() for system in bus.parts.adapters}
        bus.circuits.update(self._circuits)
        self._paces: dict[str, Pace] = {}
        self._mine: dict[int, tuple[asyncio.Task[None], asyncio.Event]] = {}

    @property
    def partitions(self) -> frozenset[int]:
        """Which partitions this worker holds at the moment."""
        return frozenset(number for number, (task, _) in self._mine.items() if not task.done())

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set. A server that is away is waited for."""
        try:
            while not stopping.is_set():
                try:
                    await self._look_round()
                except ChannelUnavailableError as exc:
                    log.warning("worker.no_redis", reason=str(exc))
                except Exception:
                    log.exception("worker.bug")  # and again: nobody else would begin this loop anew
                await until_stopped(asyncio.sleep(self._settings.look_round_s), stopping)
        finally:
            await self._let_go(list(self._mine))
            with suppress(ChannelUnavailableError):
                await self._server.call("ZREM", self._bus.parts.keys.workers(), self._owner)

    async def _look_round(self) -> None:
        """Show a sign of life, and move towards the fair share of partitions."""
        for number in [number for number, (task, _) in self._mine.items() if task.done()]:
            del self._mine[number]
        share = await self._share()
        if len(self._mine) > share:
            await self._let_go(sorted(self._mine)[share:])
        for log_ in self._bus.partitions:
            if len(self._mine) >= share:
                return
            if log_.partition not in self._mine:
                await self._try(log_)

    async def _share(self) -> int:
        ttl_ms = int(self._settings.lease_ttl_s * 1000)
        alive = await living_workers(self._server, self._bus.parts.keys, self._owner, ttl_ms)
        rank, count = alive.index(self._owner), len(self._bus.partitions)
        return count // len(alive) + (rank < count % len(alive))

    async def _try(self, channel: PartitionLog) -> None:
        ttl_ms = int(self._settings.lease_ttl_s * 1000)
        lease = await Lease.acquire(
            self._server, self._bus.parts.keys, channel.partition, self._owner, ttl_ms
        )
        if lease is None:
            return
        stop = asyncio.Event()
        task = asyncio.create_task(self._work(channel, lease, stop), name=f"partition-{channel.partition}")
        self._mine[channel.partition] = (task, stop)

    async def _let_go(self, numbers: list[int]) -> None:
        going = [self._mine.pop(number) for number in numbers]
        for _, stop in going:
            stop.set()
        tasks = {task for task, _ in going}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._settings.drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, channel: PartitionLog, lease: Lease, stop: asyncio.Event) -> None:
        """Run one partition's stages until told to stop, or until one of them fails or the lease is lost."""
        renewal = asyncio.create_task(self._renew(lease))
        holder = channel.holder(lease.value)
        stages = {asyncio.create_task(stage) for stage in self._stages(channel, holder, stop)}
        stopped = asyncio.create_task(stop.wait())
        every = {renewal, stopped, *stages}
        try:
            await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await _finish(stages, renewal)
        finally:
            for task in every:
                task.cancel()
            results = await asyncio.gather(*every, return_exceptions=True)
            with suppress(ChannelUnavailableError):
                await lease.release()
        self._report(channel.partition, results)

    def _stages(
        self, channel: PartitionLog, holder: Holder, stop: asyncio.Event
    ) -> list[Coroutine[object, object, None]]:
        parts, reader = self._bus.parts, MessageReader()
        stages = [RouteStage(channel, holder, parts.router, parts.clock, reader).run(stop)]
        for system, adapter in parts.adapters.items():
            if isinstance(adapter, Sends):
                settings = self._settings.endpoints.get(system, self._settings.endpoint)
                sender = WatchedSender(adapter, system, parts.wire) if parts.wire else adapter
                target = Target(
                    system, sender, self._circuits[system], isinstance(adapter, Pulled), self._pace(system)
                )
                endpoint = Endpoint(channel, holder, target, parts.clock, settings, reader)
                stages.append(endpoint.run(stop))
            if isinstance(adapter, Polls) and parts.keys.partition_of(system) == channel.partition:
                polls = WatchedPolls(adapter, system, parts.wire) if parts.wire else adapter
                polling = Polling(
                    system,
                    polls,
                    BusIntake(self._bus, system),
                    parts.clock,
                    interval_s=self._settings.poll_interval_s.get(system, 1.0),
                    timeout_s=self._settings.poll_timeout_s,
                )
                self._bus.asking[system] = polling.circuit
                stages.append(polling.run(stop))
        return stages

    def _pace(self, system: str) -> Pace:
        """One for all partitions of this worker."""
        settings = self._settings.endpoints.get(system, self._settings.endpoint)
        return self._paces.setdefault(system, Pace(settings.drain_per_s))

    async def _renew(self, lease: Lease) -> None:
        """Keep the lease; returns when it is lost. Leases live on the server's real time, whatever clock the bus has."""
        while True:
            await asyncio.sleep(self._settings.lease_ttl_s / 3)
            if not await lease.renew(int(self._settings.lease_ttl_s * 1000)):
                raise StaleLeaseError(f"partition {lease.partition}: the lease ran out")

    def _report(self, partition: int, results: Sequence[object]) -> None:
        for result in results:
            match result:
                case StaleLeaseError() | ChannelUnavailableError():
                    log.warning("partition.given_up", partition=partition, reason=str(result))
                case asyncio.CancelledError() | None | True:
                    pass
                case Exception():
                    log.error("partition.failed", partition=partition, exc_info=result)


async def _finish(tasks: set[asyncio.Task[None]], renewal: asyncio.Task[None]) -> None:
    """Wait for all of them, but no longer than the lease is held."""
    waiting = set(tasks)
    while waiting and not renewal.done():
        _, left = await asyncio.wait({*waiting, renewal}, return_when=asyncio.FIRST_COMPLETED)
        waiting &= left
