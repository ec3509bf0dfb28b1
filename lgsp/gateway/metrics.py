"""Prometheus metrics of the gateway."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

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
        self._waiting = Gauge(
            "lgsp_waiting", "Entries that wait in a channel", ["channel"], registry=self._registry
        )
        self._ready = Gauge("lgsp_ready", "1 where the part is ready", ["part"], registry=self._registry)

    async def text(self, services: GatewayServices) -> bytes:
        """The exposition format."""
        for part, ready in (await services.readiness()).items():
            self._ready.labels(part).set(int(ready))
        for channel, count in (await services.waiting()).items():
            self._waiting.labels(channel).set(count)
        return generate_latest(self._registry)
