"""The conformance kit: our own stand-ins pass."""

import pytest

from lgsp.conformance import SUITES, Outcome, check
from lgsp.registry import find_standin
from served_standin import served

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("role", sorted(SUITES))
async def test_our_stand_in_conforms_and_nothing_was_skipped(role: str) -> None:
    async with served(find_standin(role)) as system:
        verdicts = await check(SUITES[role], system.url, SUITES[role].options)
        assert [(one.id, one.finding) for one in verdicts if one.outcome is not Outcome.PASSED] == []
