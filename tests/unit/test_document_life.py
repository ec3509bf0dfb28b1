"""The rule of what a status report does."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.standards.document_life import Life, Verdict, apply, next_steps, report_due

pytestmark = pytest.mark.unit

RANK = {code: place for place, code in enumerate(("", "01", "02", "03", "04", "05", "06"))}
CODES = st.sampled_from(["01", "02", "03", "04", "05", "06", "13", "15", "16"])


def after(*codes: str) -> tuple[Life, list[Verdict]]:
    life, verdicts = Life(), []
    for code in codes:
        applied = apply(life, code)
        life = applied.life
        verdicts.append(applied.verdict)
    return life, verdicts


@pytest.mark.parametrize(
    ("codes", "status", "last"),
    [
        (("01", "03", "04", "05", "06"), "06", Verdict.APPLIED),
        (("01", "06"), "06", Verdict.APPLIED),
        (("03", "01"), "03", Verdict.NOTED),
        (("01", "03", "03"), "03", Verdict.NOTED),
        (("06", "04"), "06", Verdict.NOTED),
        (("01", "02"), "02", Verdict.APPLIED),
        (("02", "02"), "02", Verdict.NOTED),
        (("01", "02", "03"), "02", Verdict.FAULT),
        (("01", "03", "02"), "03", Verdict.FAULT),
    ],
)
def test_reports_late_repeated_and_impossible(codes: tuple[str, ...], status: str, last: Verdict) -> None:
    life, verdicts = after(*codes)
    assert (life.status, verdicts[-1]) == (status, last)


@pytest.mark.parametrize(
    ("codes", "request_state", "last"),
    [
        (("15",), "", Verdict.FAULT),
        (("13", "15"), "agreed", Verdict.APPLIED),
        (("13", "16"), "refused", Verdict.APPLIED),
        (("13", "15", "15"), "agreed", Verdict.NOTED),
        (("13", "15", "16"), "agreed", Verdict.FAULT),
        (("13", "16", "13", "15"), "agreed", Verdict.APPLIED),
    ],
)
def test_answers_need_a_request(codes: tuple[str, ...], request_state: str, last: Verdict) -> None:
    life, verdicts = after(*codes)
    assert (life.request, verdicts[-1]) == (request_state, last)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(CODES, max_size=20))
def test_no_report_ever_falls_back_and_every_fault_says_why(codes: list[str]) -> None:
    life = Life()
    for code in codes:
        applied = apply(life, code)
        assert RANK[applied.life.status] >= RANK[life.status]
        assert (applied.verdict == Verdict.APPLIED) == (not applied.reason)
        assert bool(applied.reason) == bool(applied.reason_vi)
        if applied.verdict != Verdict.APPLIED:
            assert applied.life == life
        life = applied.life


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.permutations(["01", "03", "04", "05", "06"]))
def test_order_of_arrival_does_not_change_the_end(codes: list[str]) -> None:
    assert after(*codes)[0].status == "06"


def test_what_may_come_next() -> None:
    assert next_steps("01") == ("03", "02")
    assert next_steps("02") == next_steps("06") == ()


@pytest.mark.parametrize(
    ("arrived", "priority", "due"),
    [
        ("2026-11-23T08:30", 0, "2026-11-23T17:00"),
        ("2026-11-20T17:30", 0, "2026-11-23T17:00"),
        ("2026-11-21T09:00", 0, "2026-11-23T17:00"),
        ("2026-11-21T09:00", 2, "2026-11-21T10:00"),
    ],
)
def test_receiver_has_the_working_day_and_an_hour_for_what_is_urgent(
    arrived: str, priority: int, due: str
) -> None:
    at = datetime.fromisoformat(arrived).replace(tzinfo=VIETNAM)
    wanted = datetime.fromisoformat(due).replace(tzinfo=VIETNAM)
    assert report_due("03", at, priority, WorkCalendar()) == wanted
    assert report_due("06", at, priority, WorkCalendar()) is None
