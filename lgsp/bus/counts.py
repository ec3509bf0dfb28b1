"""What this process's worker has done, for Prometheus."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric

from lgsp.bus.bus import Bus
from lgsp.bus.journal_tap import JournalSink
from lgsp.bus.worker import Worker
from lgsp.store.journal import JournalEntry

__all__ = ["Counting", "Steps", "WorkerCounts"]

Steps = Mapping[tuple[str, str], int]
"""(step, system) -> how many."""


class Counting:
    """A sink that stores, and then tells how many messages took which step at which system."""

    def __init__(self, sink: JournalSink, told: Callable[[Steps], None]) -> None:
        self._sink = sink
        self._told = told

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Store a batch, then count it."""
        await self._sink.append(entries)
        self._told(Tally((entry.step, system) for entry in entries for system in entry.system.split(",")))


class WorkerCounts:
    """Steps that were stored, and a collector of the worker's leases and circuits."""

    def __init__(self, registry: CollectorRegistry, bus: Bus) -> None:
        self._bus = bus
        self.worker: Worker | None = None
        self._steps = Counter(
            "lgsp_steps",
            "Steps of messages: accepted, routed, delivered, retrying, dead …",
            ["step", "system"],
            registry=registry,
        )
        registry.register(self)

    def add(self, steps: Steps) -> None:
        """More of them."""
        for (step, system), count in steps.items():
            self._steps.labels(step, system).inc(count)

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client asks it."""
        leases = GaugeMetricFamily("lgsp_worker_partitions", "Partitions that this worker holds")
        leases.add_metric([], len(self.worker.partitions) if self.worker else 0)
        yield leases
        circuits = GaugeMetricFamily("lgsp_circuit_open", "1 while the system is away", labels=["system"])
        for system, circuit in self._bus.circuits.items():
            circuits.add_metric([system], int(circuit.is_open))
        yield circuits
