"""The year's traffic: as much as was asked for, in order, the same each time."""

from collections import Counter
from ctypes import c_double
from datetime import date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgsp.bus import publish_all_when_there_is_room
from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.errors import BackpressureError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry
from lgsp.simulate.clock import AheadClock, YearClock
from lgsp.simulate.messages import message_of
from lgsp.simulate.offices import hours_of
from lgsp.simulate.plan import Dossier, Paper, Plan, Tally, deeds
from lgsp.simulate.systems import days
from lgsp.standards.dossier_life import transition
from lgsp.standards.statistics import form_06a

pytestmark = pytest.mark.unit
SMALL = Plan(2025, documents=6_000, dossiers=400)


@settings(deadline=None)
@given(st.integers(0, 200_000), st.integers(2001, 2090))
def test_the_hours_of_a_year_hold_exactly_what_was_asked_for(total, year):
    hours = list(hours_of(year, total, WorkCalendar()))
    assert sum(count for _, count in hours) == total
    assert all(hour.year == year for hour, _ in hours)


def test_offices_work_on_working_days_and_most_at_the_end_of_a_month():
    calendar, by_day = WorkCalendar(), Counter()
    for hour, count in hours_of(2025, 100_000, calendar):
        by_day[hour.date()] += count
    days_off = sum(count for day, count in by_day.items() if not calendar.is_working_day(day))
    assert 0 < days_off < 1_500
    assert by_day[date(2025, 10, 31)] > 1.7 * by_day[date(2025, 10, 15)]


def test_the_year_comes_in_order_and_is_the_same_from_the_same_seed():
    first, again = list(deeds(SMALL)), list(deeds(SMALL))
    assert first == again != list(deeds(Plan(2025, 6_000, 400, seed=35)))
    assert all(before[0] <= after[0] for before, after in pairwise(first))


def test_shares_are_those_of_kon_tum():
    tally = Tally()
    for _, deed in deeds(Plan(2025, documents=50_000, dossiers=3_000)):
        tally.count(deed)
    assert tally.documents == 50_000
    assert tally.signed / 50_000 == pytest.approx(0.78, abs=0.01)
    assert tally.electronic / 50_000 == pytest.approx(0.95, abs=0.01)
    assert tally.out / 50_000 == pytest.approx(144_922 / 3_465_891, abs=0.004)
    form = form_06a(tally.cases.values(), date(2025, 1, 1), date(2025, 12, 31))[-1]
    assert form.received == 3_000 == form.resolved + form.returned + form.pending
    assert form.early / form.resolved == pytest.approx(2 / 3, abs=0.04)


def test_a_dossier_only_makes_steps_that_the_lifecycle_allows():
    states: dict[int, list[str]] = {}
    for _, deed in deeds(SMALL):
        if isinstance(deed, Dossier):
            states.setdefault(deed.number, []).append(deed.state)
    assert len(states) == 400
    assert all(lived[0] == "2" for lived in states.values())
    assert all(transition(before, after) for lived in states.values() for before, after in pairwise(lived))


def test_every_message_passes_the_schema_check_and_has_an_id_of_its_own():
    registry, ids, kinds = SchemaRegistry(), set(), Counter()
    for at, deed in deeds(SMALL):
        message = message_of(at, deed)
        registry.check(message)
        ids.add((message.source, message.id))
        kinds[message.kind] += 1
    assert len(ids) == kinds.total()
    assert set(kinds) == {"document.issued", "dossier.synchronized", "dossier.progressed", "dossier.resolved"}


def test_what_went_without_paper_has_no_copies_on_paper():
    at = datetime(2025, 3, 3, 8, tzinfo=VIETNAM) + timedelta(minutes=1)
    with_paper = message_of(at, Paper(1, "out", signed=True, electronic=False))
    without = message_of(at, Paper(1, "out", signed=True, electronic=True))
    assert (with_paper.data["copies"], without.data["copies"]) == (1, 0)


def test_every_message_is_one_that_can_be_read_again():
    for at, deed in deeds(SMALL):
        message = message_of(at, deed)
        assert Message.from_json(message.to_json()) == message


def test_two_clocks_on_one_moment_show_the_same():
    shared = c_double(0.0)
    mine, other = YearClock(shared), YearClock(shared)
    for minute in range(3):
        moment = datetime(2025, 3, 3, 8, minute, 7, 250_000, tzinfo=VIETNAM)
        mine.set(moment)
        assert mine.now() == other.now() == moment


def test_a_clock_that_is_moved_runs_on_from_there_in_every_process():
    shared = c_double(0.0)
    mine, other = AheadClock(shared), AheadClock(shared)
    morning = datetime(2025, 3, 3, 8, tzinfo=VIETNAM)
    mine.set(morning)
    first, second, third = mine.now(), other.now(), mine.now()
    assert morning <= first < second < third < morning + timedelta(minutes=1)


def test_each_day_has_all_that_people_do_on_it_and_a_dossier_ends_as_planned():
    year = list(days(SMALL))
    dates = [day.on for day in year]
    assert dates == sorted(set(dates))
    planned = [
        (at.date(), one) for at, one in deeds(SMALL) if isinstance(one, Paper) or one.ends or not one.step
    ]
    lived = [(day.on, one) for day in year for one in (*day.decided, *day.begun)]
    assert len(lived) == len(planned)
    assert {(on, str(one)) for on, one in lived} == {(on, str(one)) for on, one in planned}
    tally = Tally()
    for _, one in lived:
        tally.count(one)
    whole = Tally()
    for _, one in deeds(SMALL):
        whole.count(one)
    first, last = date(2025, 1, 1), date(2025, 12, 31)
    assert form_06a(tally.cases.values(), first, last) == form_06a(whole.cases.values(), first, last)


async def test_what_finds_the_bus_full_is_published_again_and_nothing_else():
    class HalfFull:
        def __init__(self):
            self.asked = []

        async def publish_all(self, messages):
            self.asked.append([one.id for one in messages])
            full = len(self.asked) == 1
            return [
                BackpressureError("full", retry_after_s=0.01) if full and number % 2 else None
                for number in range(len(messages))
            ]

    bus, messages = HalfFull(), [message_of(at, deed) for at, deed in islice(deeds(SMALL), 4)]
    await publish_all_when_there_is_room(bus, messages)
    first, again = bus.asked
    assert again == first[1::2]
