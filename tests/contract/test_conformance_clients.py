"""Connectors of the axis: our adapter conforms; each broken one fails exactly the assertions that it should."""

from collections.abc import Callable
from typing import Any

import pytest

from broken.axis_client import BROKEN, GIVES_UP, MESSAGE
from fakes import FakeIntake, make_ports
from lgsp.adapter import Delivery
from lgsp.conformance import Outcome
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from lgsp.conformance.clients.connector import Work
from lgsp.standards import vxp
from lgsp_adapters.axis import AxisAdapter
from looks import PATIENCE, beside, wait_by_looks

pytestmark = pytest.mark.contract
SUITE = CLIENT_SUITES["axis-client"]
IDS = [one.id.removeprefix("LGSP-AXC-") for one in SUITE.assertions]
WRONG_HASH = {"42", "43"}


@pytest.fixture(autouse=True)
def _waits_by_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_by_looks(monkeypatch)


class Connector:
    """An adapter at the kit's address."""

    def __init__(self, make: type[AxisAdapter], settings: dict[str, Any]) -> None:
        self._make = make
        self._settings = settings
        self.adapter: AxisAdapter | None = None

    def ready(self, url: str) -> None:
        self.adapter = self._make({"url": url, "secret": "sim-secret", **self._settings}, make_ports("axis"))

    async def poll(self) -> None:
        assert self.adapter
        await self.adapter.poll(FakeIntake())

    async def send(self, work: Work) -> None:
        assert self.adapter
        assert work == {"kind": "document.issued", "to": "000.00.00.G22"}
        await self.adapter.send(Delivery(MESSAGE, ("000.00.00.G22",), 1, "key"))


async def failed(make: type[AxisAdapter], *only: str, **settings: Any) -> set[str]:
    connector = Connector(make, settings)
    options = SUITE.options | PATIENCE
    verdicts = await check_connector(
        SUITE, "axis", Hooks(connector.poll, connector.send), options, only=only, ready=connector.ready
    )
    if connector.adapter:
        await connector.adapter.aclose()
    assert {one.outcome for one in verdicts} <= {Outcome.PASSED, Outcome.FAILED}
    return {one.id.removeprefix("LGSP-AXC-") for one in verdicts if one.outcome is Outcome.FAILED}


async def test_our_adapter_conforms() -> None:
    assert await failed(AxisAdapter) == set()


@pytest.mark.parametrize("make", BROKEN)
async def test_broken_connector_fails_exactly(make: type[AxisAdapter]) -> None:
    assert await failed(make, *beside(BROKEN[make])) == BROKEN[make]


async def test_a_connector_that_hashes_wrongly_can_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[[Any], str] = vxp.file_hash
    adapter_only = {"on": False}

    class HashesWrongly(AxisAdapter):
        async def send(self, delivery: Any) -> Any:
            adapter_only["on"] = True
            try:
                return await super().send(delivery)
            finally:
                adapter_only["on"] = False

    monkeypatch.setattr(vxp, "file_hash", lambda raw: "0" * 64 if adapter_only["on"] else write(raw))
    assert await failed(HashesWrongly) == WRONG_HASH


@pytest.mark.parametrize("name", GIVES_UP)
async def test_a_connector_that_gives_up_for_good_fails_exactly(name: str) -> None:
    make, expected = GIVES_UP[name]
    found = [await failed(make, f"LGSP-AXC-{one}") for one in IDS if "24" <= one <= "30"]
    assert set().union(*found) == expected


def test_every_assertion_was_seen_to_fail() -> None:
    tables = (*BROKEN.values(), *(ids for _, ids in GIVES_UP.values()), WRONG_HASH)
    assert set().union(*tables) == set(IDS)
