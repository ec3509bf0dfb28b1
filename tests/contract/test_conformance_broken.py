"""The test of the kit: each server that is wrong in one way fails exactly what it should of its matter."""

from collections.abc import Sequence

import pytest

from broken.axis import AXIS, AXIS_PARTS, Patch
from broken.hands import Breakers
from broken.igate import IGATE
from broken.ioffice import IOFFICE
from broken.portal import PORTAL
from lgsp.conformance import SUITES, Outcome, check
from looks import beside
from tampering import Call, Forward, Hand, Reply, tampered

pytestmark = pytest.mark.contract
TABLES: dict[str, Breakers] = {"axis": AXIS, "portal": PORTAL, "igate": IGATE, "ioffice": IOFFICE}
NEVER_SEEN_TO_FAIL: dict[str, str] = {}
"""Assertions that no broken server fails, each with the reason; one without any is a rule that the kit may not hold."""


async def failed(role: str, hand: Hand, only: Sequence[str]) -> set[str]:
    async with tampered(role, hand) as url:
        verdicts = await check(SUITES[role], url, SUITES[role].options, only=only)
    return {one.id[-2:] for one in verdicts if one.outcome is Outcome.FAILED}


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, breakers in TABLES.items() for name in breakers]
)
async def test_broken_server_fails_exactly(role: str, name: str) -> None:
    hand, expected = TABLES[role][name]
    assert await failed(role, hand, beside(expected)) == expected


async def passes(call: Call, forward: Forward) -> Reply:
    return await forward(call)


@pytest.mark.parametrize("breaks", AXIS_PARTS, ids=lambda patch: patch.__name__)
async def test_axis_with_a_broken_part_fails_exactly(breaks: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch)
    expected = AXIS_PARTS[breaks]
    assert await failed("axis", passes, beside(expected)) == expected


@pytest.mark.parametrize("role", sorted(SUITES))
def test_every_assertion_was_seen_to_fail(role: str) -> None:
    broken = set().union(*(ids for _, ids in TABLES[role].values()))
    if role == "axis":
        broken |= set().union(*AXIS_PARTS.values())
    never = {one.id for one in SUITES[role].assertions if one.id[-2:] not in broken}
    assert never == {
        one for one in NEVER_SEEN_TO_FAIL if one in {each.id for each in SUITES[role].assertions}
    }
