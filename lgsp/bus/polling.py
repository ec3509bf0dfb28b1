"""Polling one system: rounds at an interval, faster while there is something to take, slower while the system is away."""

import asyncio
import random

import structlog

from lgsp.adapter import Intake, Polls
from lgsp.clock import Clock
from lgsp.endpoint import until_stopped
from lgsp.errors import LgspError, TransientError
from lgsp.retry import Circuit

__all__ = ["Polling"]

log = structlog.get_logger()

_SOONER_AT_MOST = 10
"""Times as often as its interval says is a system asked that has much."""


class Polling:
    """Owns the rounds of one adapter. Times in seconds."""

    def __init__(
        self,
        system: str,
        adapter: Polls,
        intake: Intake,
        clock: Clock,
        *,
        interval_s: float,
        timeout_s: float,
    ) -> None:
        self._system = system
        self._adapter = adapter
        self._intake = intake
        self._clock = clock
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self.circuit = Circuit()

    async def run(self, stopping: asyncio.Event) -> None:
        """Round after round until `stopping` is set; a round in hand is finished first."""
        circuit = self.circuit
        while not stopping.is_set():
            taken = 0
            try:
                async with asyncio.timeout(self._timeout_s):
                    taken = await self._adapter.poll(self._intake)
            except (TransientError, TimeoutError) as exc:
                if not circuit.is_open:
                    log.warning(
                        "poll.system_away",
                        system=self._system,
                        reason=str(exc) or f"no end within {self._timeout_s:g} s",
                    )
                self._missed(exc)
            except LgspError as exc:
                if not circuit.is_open:
                    log.warning("poll.failed", system=self._system, code=exc.code, reason=str(exc))
                circuit.failed(str(exc))
            except Exception as exc:
                log.exception("poll.adapter_bug", system=self._system)
                circuit.failed(str(exc))
            else:
                circuit.succeeded()
            interval_s = self._interval_s / min(1 + taken, _SOONER_AT_MOST)
            wait_s = max(interval_s, circuit.wait_s(random.random()))  # noqa: S311 - jitter, not a secret
            await until_stopped(self._clock.sleep(wait_s), stopping)

    def _missed(self, error: TransientError | TimeoutError) -> None:
        """Each round that finds the system away makes the next pause longer; one thing that it stumbles over does not."""
        if isinstance(error, TimeoutError) or error.system_down:
            self.circuit.probe()
        asked_s = error.retry_after_s if isinstance(error, TransientError) else None
        self.circuit.failed(str(error), asked_s or 0.0)
