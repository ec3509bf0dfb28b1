"""Form 06a."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgsp.clock import VIETNAM
from lgsp.standards.statistics import Case, Row, form_06a

pytestmark = pytest.mark.unit

START, END = date(2026, 11, 1), date(2026, 11, 30)
NOON = datetime(2026, 11, 10, 12, tzinfo=VIETNAM)


def case(
    received: int = 0, due: int | None = 5, ended: int | None = None, state: str = "4", **more: str
) -> Case:
    """Days from the 10th of November."""

    def at(day: int | None) -> datetime | None:
        return None if day is None else NOON + timedelta(days=day)

    given = {"code": "c", "unit": "Sở Tư pháp", "field": "Hộ tịch", "channel": "1"} | more
    return Case(
        received_at=NOON + timedelta(days=received), due_at=at(due), ended_at=at(ended), state=state, **given
    )


@pytest.mark.parametrize(
    ("one", "columns"),
    [
        (case(), {"received_counter", "pending_late"}),
        (case(due=25), {"received_counter", "pending_in_time"}),
        (case(due=None, channel="2"), set()),
        (case(due=None, ended=1, state="7"), set()),
        (case(due=None, ended=1, state="3", channel="2"), {"received_online", "returned"}),
        (case(ended=4, state="9"), {"received_counter", "early"}),
        (case(ended=5, state="10"), {"received_counter", "on_time"}),
        (case(ended=6, state="9", channel="3"), {"received_post", "late"}),
        (case(received=-20, ended=2, state="9"), {"carried_over", "early"}),
        (case(received=-20, ended=-15, state="9"), set()),
        (case(received=30), set()),
        (case(ended=25, state="9", due=30), {"received_counter", "pending_in_time"}),
        (case(ended=1, state="7"), {"received_counter", "returned"}),
        (case(ended=1, state="3"), {"received_counter", "returned"}),
        (case(ended=1, state="4"), {"received_counter", "pending_late"}),
    ],
)
def test_a_dossier_counts_where_the_form_wants_it(one: Case, columns: set[str]) -> None:
    total = form_06a([one], START, END)[-1]
    assert {
        name for name in Row.__slots__ if name not in {"unit", "field"} and getattr(total, name)
    } == columns


CASES = st.lists(
    st.builds(
        case,
        received=st.integers(-60, 60),
        due=st.none() | st.integers(-60, 60),
        ended=st.none() | st.integers(-60, 60),
        state=st.sampled_from([str(state) for state in range(1, 11)]),
        unit=st.sampled_from(["A", "B"]),
        field=st.sampled_from(["x", "y"]),
        channel=st.sampled_from(["1", "2", "3"]),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CASES)
def test_what_came_is_what_went_and_what_is_left_and_rows_add_up(cases: list[Case]) -> None:
    *rows, total = form_06a(cases, START, END)
    for row in (*rows, total):
        assert row.carried_over + row.received == row.resolved + row.returned + row.pending
    for name in Row.__slots__[2:]:
        assert sum(getattr(row, name) for row in rows) == getattr(total, name)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        form_06a([], END, START)
