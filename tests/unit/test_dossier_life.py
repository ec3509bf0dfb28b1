"""The one-stop lifecycle as data."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.standards.dossier_life import (
    STATES,
    TRANSITIONS,
    check_transition,
    followers,
    is_final,
    mermaid,
    move_due,
    stops_clock,
    transition,
    working_time,
)

pytestmark = pytest.mark.unit

CALENDAR = WorkCalendar()
FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=VIETNAM)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=VIETNAM)
MOMENTS = st.integers(0, 364 * 86_400).map(lambda seconds: NEW_YEAR + timedelta(seconds=seconds))


def test_there_are_ten_states_and_every_one_can_be_reached() -> None:
    assert list(STATES) == [str(number) for number in range(1, 11)]
    reached, todo = {"1"}, ["1"]
    while todo:
        for after in set(followers(todo.pop())) - reached:
            reached.add(after)
            todo.append(after)
    assert reached == set(STATES)


def test_no_transition_is_listed_twice() -> None:
    assert len({(one.before, one.after) for one in TRANSITIONS}) == len(TRANSITIONS)


def test_dossier_ends_in_3_7_8_and_10() -> None:
    assert {code for code in STATES if is_final(code)} == {"3", "7", "8", "10"}


def test_clock_stops_while_papers_or_a_fee_are_asked_for() -> None:
    assert {code for code in STATES if stops_clock(code)} == {"5", "6"}


def test_withdrawal_is_possible_until_the_decision() -> None:
    assert {one.before for one in TRANSITIONS if one.after == "7"} == {"1", "2", "4", "5", "6"}


@pytest.mark.parametrize(
    ("before", "after", "form"),
    [("1", "2", "Mẫu 01"), ("2", "5", "Mẫu 02"), ("1", "3", "Mẫu 03"), ("2", "2", "Mẫu 04"), ("4", "9", "")],
)
def test_transition_names_its_form(before: str, after: str, form: str) -> None:
    found = transition(before, after)
    assert found is not None
    assert found.form == form
    assert check_transition(before, after) == ""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("10", "4", ("hồ sơ đã kết thúc", "has ended")),
        ("1", "9", ("chỉ được chuyển sang 2, 3, 5, 6, 7", "only 2, 3, 5, 6, 7 may follow")),
        ("1", "11", ("'11' không có", "no state '11'")),
        ("", "1", ("'' không có", "no state ''")),
    ],
)
def test_refusal_says_why_in_both_languages(before: str, after: str, words: tuple[str, str]) -> None:
    reason = check_transition(before, after)
    assert all(word in reason for word in words)


def test_diagram_has_every_state_and_transition_of_the_table() -> None:
    lines = mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    arrows = [line.split(":")[0].strip() for line in lines if "-->" in line]
    assert arrows[1:-4] == [f"s{one.before} --> s{one.after}" for one in TRANSITIONS]
    assert 'state "5 Yêu cầu bổ sung giấy tờ ⏸" as s5' in mermaid()
    assert all(line.count(":") <= 1 and ";" not in line for line in mermaid("en").splitlines())


def test_weekend_and_holiday_do_not_count_as_paused_time() -> None:
    assert working_time(CALENDAR, FRIDAY, FRIDAY + timedelta(days=3)) == timedelta(days=1)
    independence = datetime(2026, 9, 2, 9, 0, tzinfo=VIETNAM)
    assert working_time(CALENDAR, independence, independence + timedelta(hours=5)) == timedelta(0)


def test_due_date_moves_over_the_weekend() -> None:
    assert move_due(CALENDAR, FRIDAY, timedelta(days=1)) == FRIDAY + timedelta(days=3)
    assert move_due(CALENDAR, FRIDAY, timedelta(hours=9)) == datetime(2026, 11, 30, tzinfo=VIETNAM)
    assert move_due(CALENDAR, FRIDAY, timedelta(0)) == FRIDAY


@given(due=MOMENTS, seconds=st.integers(0, 60 * 86_400))
def test_moved_due_date_is_later_by_exactly_the_paused_working_time(due: datetime, seconds: int) -> None:
    paused = timedelta(seconds=seconds)
    assert working_time(CALENDAR, due, move_due(CALENDAR, due, paused)) == paused
