"""What this process's worker has done, for Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric

from lgsp.bus.activity import Steps
from lgsp.bus.bus import Bus
from lgsp.bus.worker import Worker

__all__ = ["WorkerCounts"]


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
