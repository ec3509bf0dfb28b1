"""Our own adapters as connectors: the whole bus, with its retries and circuits, conforms on the wire."""

from pathlib import Path
from typing import Any

import pytest

from bus_connector import BusConnector
from lgsp.conformance import Outcome
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector

pytestmark = pytest.mark.flow
SETTINGS: dict[str, dict[str, Any]] = {"igate": {"timeout_s": 1.0}, "ioffice": {"timeout_s": 1.0}}


@pytest.mark.parametrize("system", SETTINGS)
async def test_the_bus_conforms_as_a_connector(system: str, tmp_path: Path) -> None:
    suite = CLIENT_SUITES[f"{system}-client"]
    connector = BusConnector(system, tmp_path, SETTINGS[system])
    try:
        verdicts = await check_connector(
            suite,
            system,
            Hooks(None, connector.send),
            suite.options | {"patience_s": "4"},
            ready=connector.ready,
        )
    finally:
        connector.close()
    assert [(one.id, one.finding) for one in verdicts if one.outcome is not Outcome.PASSED] == []
