"""The indicators' tally is what a count over all messages would give, whatever the order, and reads each message once."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert

from lgsp.clock import VIETNAM
from lgsp.message import Message
from lgsp.standards.statistics import Case, form_06a
from lgsp.store import JournalEntry, MessageStore, tally
from lgsp.store.tables import TALLY_DOSSIERS, prepare

pytestmark = pytest.mark.unit

START, END = date(2026, 11, 1), date(2026, 11, 30)
SIGNED = [{"state": "valid", "organization": "A"}]


@pytest.fixture
async def store(tmp_path):
    opened = await MessageStore.open(f"sqlite:///{tmp_path}/messages.db")
    yield opened
    await opened.aclose()


class Tape:
    """Messages as the wire tap would bring them."""

    def __init__(self):
        self.entries = []

    def add(self, kind, subject, data, *, day=10):
        number = len(self.entries) + 1
        message = Message(
            id=f"m{number}", source="/systems/axis", type=f"vn.lgsp.{kind}", subject=subject,
            time=f"2026-11-{day:02d}T08:00:00+07:00", dataschema=f"https://lgsp.vn/schemas/{kind}/1", data=data,
        )  # fmt: skip
        body = message.to_json()
        self.entries.append(
            JournalEntry(
                0,
                f"{number}-0",
                message.id,
                "accepted",
                "/systems/axis",
                1_795_000_000_000 + number,
                "",
                body,
            )
        )

    def issued(self, document_id, issuer="A", receivers=("B",), *, signed=True, day=10):
        data = {
            "document_id": document_id,
            "issuer": {"id": issuer, "name": f"Cơ quan {issuer}"},
            "recipients": [{"id": one, "name": f"Cơ quan {one}"} for one in receivers],
            "signatures": [{**SIGNED[0], "organization": issuer}] if signed else [],
        }
        self.add("document.issued", document_id, data, day=day)

    def paper(self, document_id):
        self.add("document.updated", document_id, {"concerns": document_id, "paper_follows": True})


async def rows_of(store, start=START, end=END):
    *rows, total = await store.agencies(start, end)
    return {row.id: (row.sent, row.received, row.signed, row.electronic) for row in rows}, total


async def test_documents_count_once_by_the_day_of_their_message_and_paper_takes_off_the_electronic(store):
    tape = Tape()
    tape.paper("early")
    tape.issued("early")
    tape.issued("d1", receivers=("B", "C"))
    tape.issued("d1", receivers=("B", "C"))
    tape.issued("d2", "B", ("A",), signed=False)
    tape.issued("d3")
    tape.paper("d3")
    tape.paper("d3")
    tape.issued("old", day=1)
    await store.append(tape.entries)
    at = await store.count_up()
    assert (at.messages, at.behind) == (9, 0)
    assert at.until_ms == 1_795_000_000_009
    rows, total = await rows_of(store)
    assert rows == {"A": (4, 1, 4, 2), "B": (1, 4, 0, 0), "C": (0, 1, 0, 0)}
    assert (total.sent, total.received, total.signed, total.electronic) == (5, 6, 4, 2)
    rows, _ = await rows_of(store, date(2026, 11, 2))
    assert rows["A"] == (3, 1, 3, 1)


async def test_what_is_counted_is_read_no_more_and_a_view_counts_a_bounded_number(store, monkeypatch):
    read = Counter()
    real = tally.from_json

    def reading(body):
        read["bodies"] += 1
        return real(body)

    monkeypatch.setattr(tally, "from_json", reading)
    monkeypatch.setattr("lgsp.store.store.TALLIED_AT_ONCE", 10)
    tape = Tape()
    for number in range(50):
        tape.issued(f"d{number}")
    await store.append(tape.entries)
    at = await store.count_up(limit=20)
    assert (at.messages, at.behind, read["bodies"]) == (20, 30, 20)
    assert (await rows_of(store))[1].sent == 20
    assert (await store.count_up()).behind == 0
    assert (await rows_of(store))[1].sent == read["bodies"] == 50
    await store.count_up()
    tape.entries.clear()
    assert read["bodies"] == 50


async def test_the_tally_is_kept_with_the_store_and_outlives_what_is_pruned(store, tmp_path):
    tape = Tape()
    for number in range(3):
        tape.issued(f"d{number}")
    delivered = [
        one._replace(entry_id=f"{100 + n}-0", step="delivered", system="axis", body=None)
        for n, one in enumerate(tape.entries)
    ]
    await store.append([*tape.entries, *delivered])
    await store.count_up()
    assert await store.prune(before_ms=2_000_000_000_000) == 2
    again = await MessageStore.open(f"sqlite:///{tmp_path}/messages.db")
    assert (await rows_of(again))[1].sent == 3
    assert (await again.count_up()).behind == 0
    await again.aclose()


async def test_dossiers_in_the_tally_are_those_that_a_count_over_all_messages_gives(store):
    tape = Tape()
    for number in range(30):
        code, ends = f"h{number}", number % 3
        data = {
            "unit_name": f"Sở {number % 2}", "field_name": "Hộ tịch", "channel": str(number % 3 + 1), "state": "2",
            "accepted_at": f"2026-11-{number % 28 + 1:02d}T09:00:00+07:00", "due_at": "2026-11-20T17:00:00+07:00",
        }  # fmt: skip
        tape.add("dossier.synchronized", code, data)
        if ends:
            state = "9" if ends == 1 else "3"
            tape.add(
                "dossier.progressed",
                code,
                {"state": state, "at": f"2026-11-{15 + number % 9}T10:00:00+07:00"},
            )
    await store.append(tape.entries)
    await store.count_up()
    for start, end in ((START, END), (date(2026, 11, 10), date(2026, 11, 18)), (END, END)):
        assert list(await store.dossier_form(start, end)) == list(
            form_06a(await store.dossier_cases(), start, end)
        )
    with pytest.raises(ValueError, match="ends"):
        await store.dossier_form(END, START)


def at(day):
    return None if day is None else datetime(2026, 11, 15, 12, tzinfo=VIETNAM) + timedelta(days=day)


DAYS = st.integers(-40, 40)
CASES = st.lists(
    st.builds(
        lambda unit, channel, received, due, ended, state: Case("", unit, "", channel, at(received), at(due), at(ended), state),
        st.sampled_from(["Sở A", "Sở B"]), st.sampled_from("123"), DAYS, st.none() | DAYS, st.none() | DAYS,
        st.sampled_from(["2", "3", "4", "7", "8", "9", "10"]),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(CASES, DAYS, st.integers(0, 40))
def test_the_database_groups_dossiers_without_changing_the_form(cases, first, length):
    start = date(2026, 11, 15) + timedelta(days=first)
    end = start + timedelta(days=length)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        prepare(connection)
        rows = [
            {
                "code": str(number), "unit": one.unit, "field": one.field, "channel": one.channel, "state": one.state, "facts": "{}",
                **{name: moment and moment.date().toordinal() for name, moment in (
                    ("received", one.received_at), ("due", one.due_at), ("ended", one.ended_at))},
            }
            for number, one in enumerate(cases)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(TALLY_DOSSIERS), rows)
        found = tally.dossier_form(connection, start, end)
    engine.dispose()
    assert list(found) == list(form_06a(cases, start, end))
