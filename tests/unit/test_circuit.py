import pytest

from lgsp.retry import Circuit

pytestmark = pytest.mark.unit


def test_a_system_that_says_when_to_come_back_is_not_asked_before() -> None:
    circuit = Circuit()
    circuit.failed("HTTP 503", 120.0)
    assert circuit.wait_s(0.5) == 120.0
    circuit.probe()
    circuit.failed("no connection")
    assert circuit.wait_s(0.5) < 1.0
