"""What the console's list pages ask of a large store: that the wide tables are never gone through, and lists end where they are full."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from builders import message
from lgsp.store import JournalEntry, MessageQuery, MessageStore

MANY = 3000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[MessageStore]:
    opened = await MessageStore.open(f"sqlite:///{tmp_path}/messages.db")
    entries = []
    for number in range(MANY):
        sent = message(f"m-{number}", subject=f"s-{number}")
        rows = [
            ("accepted", sent.source, sent.to_json()),
            ("routed", "axis", None),
            ("delivered", "axis", None),
        ]
        for place, (step, system, body) in enumerate(rows):
            entries.append(
                JournalEntry(0, f"{number + 1}-0.{place}", sent.id, step, system, number, "", body)
            )
    await opened.append(entries)
    yield opened
    await opened.aclose()


async def plans(ask: Callable[[], Awaitable[object]]) -> list[str]:
    """How SQLite goes about each statement of a question, with `LIMIT` where the statement has one."""
    found: list[str] = []

    def explain(connection, cursor, statement, parameters, *_) -> None:  # type: ignore[no-untyped-def]
        if statement.lstrip().startswith("SELECT"):
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            limit = " LIMIT" if "LIMIT" in statement else ""
            found.extend(f"{row[3]}{limit}" for row in rows)

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        await ask()
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    return found


PAGES = {
    "first page": MessageQuery(),
    "a page far behind": MessageQuery(after=MANY // 2),
    "what is new": MessageQuery(newer=MANY - 5),
    "a state": MessageQuery(state="dead"),
    "a type": MessageQuery(type="document.*"),
    "a system": MessageQuery(system="axis"),
}
WORDS = {
    "words": MessageQuery(text="ket noi"),
    "words far behind": MessageQuery(text="ket noi", after=MANY // 2),
    "a sender": MessageQuery(sender="000.00.00.H34"),
    "a recipient and a state": MessageQuery(recipient="000.00.00.G22", state="delivered"),
}


def goes_through(plan: list[str]) -> set[str]:
    """The tables that are read from end to end, without a limit; virtual ones have an index of their own."""
    scans = [line for line in plan if line.startswith("SCAN") and "VIRTUAL TABLE" not in line]
    return {line.split()[1] for line in scans if not line.endswith("LIMIT")}


@pytest.mark.parametrize("query", [*PAGES.values(), *WORDS.values()], ids=[*PAGES, *WORDS])
async def test_a_list_goes_through_no_wide_table_and_sorts_nothing(
    store: MessageStore, query: MessageQuery
) -> None:
    plan = await plans(lambda: store.search(query))
    assert goes_through(plan) <= {"names"}
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


@pytest.mark.parametrize("query", WORDS.values(), ids=WORDS)
async def test_words_and_parties_are_found_by_the_index_in_its_order(
    store: MessageStore, query: MessageQuery
) -> None:
    plan = await plans(lambda: store.search(query))
    assert [line for line in plan if "words VIRTUAL TABLE INDEX" in line], plan


async def test_what_flowed_is_counted_by_the_index_of_times(store: MessageStore) -> None:
    plan = await plans(lambda: store.flows(since_ms=MANY - 10, until_ms=MANY))
    assert [line for line in plan if "facts_accepted" in line], plan
    assert goes_through(plan) <= {"names"}


async def test_a_message_and_what_is_about_a_subject_are_found_by_an_index(store: MessageStore) -> None:
    plan = await plans(lambda: store.find("m-7")) + await plans(lambda: store.trace("s-7"))
    assert goes_through(plan) <= {"names"}, plan


async def test_the_first_page_reads_as_few_rows_of_a_large_store_as_of_a_small_one(
    store: MessageStore, tmp_path: Path
) -> None:
    """Counted in steps of SQLite's machine, which no clock changes."""
    small = await MessageStore.open(f"sqlite:///{tmp_path}/small.db")
    for number in range(60):
        sent = message(f"m-{number}", subject=f"s-{number}")
        await small.append(
            [JournalEntry(0, f"{number + 1}-0", sent.id, "accepted", sent.source, number, "", sent.to_json())]
        )
    assert await steps(lambda: store.search(MessageQuery())) < 2 * await steps(
        lambda: small.search(MessageQuery())
    )
    await small.aclose()


async def steps(ask: Callable[[], Awaitable[object]]) -> int:
    """Hundreds of steps that SQLite took, and one."""
    counted = [1]

    def count() -> int:
        counted[0] += 1
        return 0

    def watch(connection, *_) -> None:  # type: ignore[no-untyped-def]
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(count, 100)

    event.listen(Engine, "before_cursor_execute", watch)
    try:
        await ask()
    finally:
        event.remove(Engine, "before_cursor_execute", watch)
    return counted[0]
