"""Prometheus metrics of the gateway."""

from collections import Counter as Counting
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from lgsp.channels import PartitionView
from lgsp.errors import ChannelUnavailableError
from lgsp.gateway.ports import GatewayServices

__all__ = ["Metrics"]


class Metrics:
    """Counts of one gateway; its own registry, so that two in one process do not meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.accepted = Counter(
            "lgsp_messages_accepted", "Messages accepted", ["type"], registry=self._registry
        )
        self.repeated = Counter(
            "lgsp_messages_repeated", "Accepted before", ["type"], registry=self._registry
        )
        self.refused = Counter("lgsp_messages_refused", "Messages refused", ["code"], registry=self._registry)
        self._ready = self._gauge("lgsp_ready", "1 where the part is ready", "part")
        self._waiting = self._gauge("lgsp_waiting", "Entries that wait in a channel", "channel")
        self._subjects = self._gauge(
            "lgsp_held_subjects", "Subjects that wait for one of their messages", "system"
        )
        self._oldest = self._gauge(
            "lgsp_oldest_waiting_seconds",
            "Age of what waits longest in a system's channels, by the server's time",
            "system",
        )
        self._holders = self._gauge(
            "lgsp_lease_holder", "1: this worker works this partition", "partition", "worker"
        )

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self._registry)

    async def text(self, services: GatewayServices) -> bytes:
        """The exposition format. What needs a server that is away is left out, and `lgsp_ready` says so."""
        for part, ready in (await services.readiness()).items():
            self._ready.labels(part).set(int(ready))
        try:
            for channel, count in (await services.waiting()).items():
                self._waiting.labels(channel).set(count)
            if services.standing is not None:
                self._partitions(await services.standing.partitions(), await services.standing.now_ms())
        except ChannelUnavailableError:
            for gauge in (self._waiting, self._subjects, self._oldest, self._holders):
                gauge.clear()
        others = generate_latest(services.registry) if services.registry else b""
        return generate_latest(self._registry) + others

    def _partitions(self, partitions: Sequence[PartitionView], now_ms: int) -> None:
        self._holders.clear()
        held: Counting[str] = Counting()
        oldest: dict[str, int] = {}
        for one in partitions:
            if one.lease is not None:
                self._holders.labels(str(one.number), one.lease.holder).set(1)
            for waiting in one.held:
                held[waiting.system] += waiting.count
            for stream in one.streams:
                channel, _, system = stream.name.partition(":")
                if channel == "out":
                    since_ms = stream.oldest_ms or now_ms
                    oldest[system] = max(oldest.get(system, 0), now_ms - since_ms)
        for system, count in held.items():
            self._subjects.labels(system).set(count)
        for system, age_ms in oldest.items():
            self._oldest.labels(system).set(age_ms / 1000)
