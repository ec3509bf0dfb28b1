"""Connectors of the portal: the reference conforms; each broken one fails exactly the assertions that it should."""

from typing import Any

import httpx
import pytest

from broken.portal_client import BROKEN
from lgsp.clock import SteerableClock
from lgsp.conformance import Outcome, run
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from looks import PATIENCE, beside, wait_by_looks
from portal_connector import LaterError, PortalConnector, RefusedError

pytestmark = pytest.mark.contract
SUITE = CLIENT_SUITES["portal-client"]


@pytest.fixture(autouse=True)
def _waits_by_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_by_looks(monkeypatch)


async def failed(make: type[PortalConnector], *only: str) -> set[str]:
    """What it fails. Time stands, but for its own pauses."""
    clock, made = SteerableClock(), []
    await clock.freeze()

    async def poll() -> None:
        await made[0].poll()

    async def send(work: object) -> None:
        await made[0].send(work)

    verdicts = await check_connector(
        SUITE, "portal", Hooks(poll, send), SUITE.options | PATIENCE, clock=clock, only=only,
        ready=lambda url: made.append(make(url, clock))
    )  # fmt: skip
    await made[0].http.aclose()
    assert {one.outcome for one in verdicts} <= {Outcome.PASSED, Outcome.FAILED}
    return {one.id.removeprefix("LGSP-PTC-") for one in verdicts if one.outcome is Outcome.FAILED}


async def test_the_reference_conforms() -> None:
    assert await failed(PortalConnector) == set()


@pytest.mark.parametrize("make", BROKEN)
async def test_a_broken_connector_fails_exactly(make: type[PortalConnector]) -> None:
    assert await failed(make, *beside(BROKEN[make])) == BROKEN[make]


async def test_a_connector_that_stops_at_a_refusal_fails_what_follows() -> None:
    class StopsAtRefusal(PortalConnector):
        async def report(self, work: Any) -> None:
            try:
                await super().report(work)
            except RefusedError as exc:
                raise LaterError from exc

    assert await failed(StopsAtRefusal, "*-20", "*-29", "*-30", "*-60") == {"29", "30"}


async def test_a_connector_that_waits_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class WaitsForEver(PortalConnector):
        def client(self) -> httpx.AsyncClient:
            return httpx.AsyncClient(timeout=None, trust_env=False)

    monkeypatch.setattr(run, "ASSERTION_S", 4.0)
    assert await failed(WaitsForEver, "*-47") == {"47"}


async def test_an_assertion_that_there_is_no_work_for_is_skipped() -> None:
    verdicts = await check_connector(SUITE, "portal", Hooks(), SUITE.options | PATIENCE, only=["*-20", "*-60"])  # fmt: skip
    assert [one.outcome for one in verdicts] == [Outcome.SKIPPED, Outcome.SKIPPED]


def test_every_assertion_was_seen_to_fail() -> None:
    broken = set().union({"30", "47"}, *BROKEN.values())
    assert [one.id for one in SUITE.assertions if one.id.removeprefix("LGSP-PTC-") not in broken] == []
