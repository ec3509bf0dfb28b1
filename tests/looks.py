"""What a broken subject is asked, and how long it is waited for: by looks, so that no machine is too slow."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

import httpx
import pytest

from lgsp.clock import SteerableClock
from lgsp.conformance import Outcome
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector, connector, lasting
from lgsp.conformance.clients.connector import Work

__all__ = ["PATIENCE", "beside", "findings", "wait_by_looks"]

PATIENCE = {"patience_s": "3"}
EVERY_S = 0.5


class Subject(Protocol):
    """A connector that is judged."""

    http: httpx.AsyncClient

    async def poll(self) -> None:
        """Read what is new."""

    async def send(self, work: Work) -> None:
        """Say it to the system."""


class _Waiting:
    """In place of `time` and of `asyncio`: what the kit waits passes at once, on the clock of the subject too."""

    def __init__(self, clock: SteerableClock | None) -> None:
        self._clock, self._now = clock, 0.0

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds
        await (self._clock.advance(timedelta(seconds=seconds)) if self._clock else asyncio.sleep(0))


def wait_by_looks(monkeypatch: pytest.MonkeyPatch, clock: SteerableClock | None = None) -> None:
    """What a broken connector never does is waited for; each look costs a round of it, and seven are enough for a right one."""
    waiting = _Waiting(clock)
    for module in (connector, lasting):
        monkeypatch.setattr(module, "time", waiting)
        monkeypatch.setattr(module, "asyncio", waiting)
        monkeypatch.setattr(module, "EVERY_S", EVERY_S)


def beside(numbers: Iterable[str]) -> list[str]:
    """Globs of these assertions and of those in the same tens, which are about the same matter; what a subject breaks there shows
    nowhere else, or the others of its numbers say where.
    """
    return [f"*-{tens}?" for tens in sorted({number[0] for number in numbers})]


async def findings(
    system: str, clock: SteerableClock, make: Callable[[str, SteerableClock], Subject], *only: str
) -> dict[str, str]:
    """What a connector of this system fails: by the number of the assertion, what was found. None may be skipped."""
    made: list[Subject] = []

    async def poll() -> None:
        await made[0].poll()

    async def send(work: Work) -> None:
        await made[0].send(work)

    suite = CLIENT_SUITES[f"{system}-client"]
    verdicts = await check_connector(
        suite, system, Hooks(poll, send), suite.options | PATIENCE, clock=clock, only=only,
        ready=lambda url: made.append(make(url, clock)),
    )  # fmt: skip
    await made[0].http.aclose()
    assert verdicts
    assert {one.outcome for one in verdicts} <= {Outcome.PASSED, Outcome.FAILED}, verdicts
    return {one.id[-2:]: one.finding for one in verdicts if one.outcome is Outcome.FAILED}
