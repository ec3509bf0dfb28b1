"""Clock, identifiers, retry: the floor that everything stands on."""

import asyncio
from datetime import date, datetime

import pytest

from lgsp.clock import VIETNAM, VirtualClock, WorkCalendar
from lgsp.retry import Circuit, RetryPolicy
from lgsp.standards import identifiers
from lgsp_mocks.kit import population

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 20, 8, 0, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    "value", ["000.00.00.H34", "002.00.20.H13", "H34", "H34.1.2", "H34.1.2.3", "vxp.saas.03", "sim.lgsp.01"]
)
def test_organization_ids_in_use_are_accepted(value: str) -> None:
    assert identifiers.check_organization_id(value) == value


@pytest.mark.parametrize(
    "value", ["", "H3", "h34", "000.00.00", "000.00.00.H34 ", "H34.", "H34.1.2.3.4x!", "a b.c", "../x"]
)
def test_other_organization_ids_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="organization id"):
        identifiers.check_organization_id(value)


@pytest.mark.parametrize(
    "value",
    ["000.00.01.H34-191225-0001", "H34.1-201231-0001", "G09.20-20260609-0092637", "H21.129-250812-0035"],
)
def test_dossier_codes_in_use_are_accepted(value: str) -> None:
    assert identifiers.check_dossier_code(value) == value


@pytest.mark.parametrize(
    "value", ["H34.1-201331-0001", "H34.1-20260230-0001", "H34-1-1", "", "H34.1-201231-00x1"]
)
def test_dossier_codes_with_impossible_days_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"dossier code|calendar"):
        identifiers.check_dossier_code(value)


@pytest.mark.parametrize("value", ["1.000080", "2.002621.H56", "1.003003.000.00.00.H34"])
def test_procedure_codes_in_use_are_accepted(value: str) -> None:
    assert identifiers.check_procedure_code(value) == value


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("*", "anything.at.all", True),
        ("*.H34", "000.00.01.H34", True),
        ("*.H34", "000.00.01.H35", False),
        ("H34.*", "H34.1.2", True),
        ("H34.*", "H345.1", False),
        ("H34", "H34", True),
    ],
)
def test_patterns_over_organization_ids(pattern: str, value: str, matches: bool) -> None:
    assert identifiers.organization_pattern_matches(pattern, value) is matches


def test_codes_are_made_as_they_are_checked() -> None:
    code = identifiers.dossier_code("000.00.03.H34", date(2026, 11, 23), 7)
    assert identifiers.check_dossier_code(code) == "000.00.03.H34-261123-0007"
    assert (
        identifiers.deterministic_id("a", "b")
        == identifiers.deterministic_id("a", "b")
        != identifiers.deterministic_id("ab")
    )


def test_weekends_and_holidays_do_not_count() -> None:
    calendar = WorkCalendar(closed=[date(2026, 11, 25)], opened=[date(2026, 11, 21)])
    # Friday; Saturday is opened, Tuesday is Culture Day, Wednesday closed by decision.
    assert calendar.add_working_days(START, 3) == START.replace(day=26)


async def test_sleepers_wake_in_order_of_their_time() -> None:
    clock, woken = VirtualClock(START), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, (clock.now() - START).total_seconds()))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (30, 10, 20)]
    await asyncio.sleep(0)
    await clock.advance(25)
    assert woken == [(10, 10), (20, 20)]
    await clock.advance(10)
    await asyncio.gather(*tasks)


def test_backoff_grows_to_its_cap_and_is_spread() -> None:
    policy = RetryPolicy(base_s=1, cap_s=10, max_attempts=3)
    assert [policy.delay_s(attempt, 1.0) for attempt in (1, 2, 3, 9)] == [1, 2, 4, 10]
    assert policy.delay_s(3, 0.0) == 2
    assert [policy.is_spent(attempt) for attempt in (1, 2, 3)] == [False, False, True]


def test_circuit_closes_at_the_first_answer() -> None:
    circuit = Circuit()
    assert circuit.wait_s(0.5) == 0
    circuit.failed("away")
    assert circuit.is_open
    assert circuit.wait_s(0.5) > 0
    circuit.succeeded()
    assert not circuit.is_open


def test_population_is_the_same_from_the_same_seed_and_well_formed() -> None:
    everybody = population(34)
    population.cache_clear()
    assert population(34) == everybody
    assert all(
        identifiers.is_organization_id(agency.id) and identifiers.is_organization_id(agency.code)
        for agency in everybody.agencies
    )
    assert len({agency.id for agency in everybody.agencies}) == len(everybody.agencies)
    assert all(
        identifiers.check_procedure_code(one.code) and everybody.agency(one.unit_id)
        for one in everybody.procedures
    )
    assert sum(one.needs_signature for one in everybody.procedures) >= 6
    assert all(
        one.id.startswith("999") and identifiers.check_citizen_id(one.id) for one in everybody.citizens
    )
