"""The store from the set of its steps: whatever their order, however often they come, and whoever brings them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import message
from lgsp.store import JournalEntry, MessageQuery, MessageStore, Recount, TracedMessage

pytestmark = pytest.mark.unit

NOW = 1_795_000_000_000
LIVES: dict[str, list[tuple[str, str]]] = {
    "delivered": [("routed", "axis"), ("routed", "igate"), ("delivered", "axis"), ("delivered", "igate")],
    "patient": [("routed", "axis"), ("retrying", "axis"), ("retrying", "axis"), ("delivered", "axis")],
    "replayed": [("routed", "axis"), ("dead", "axis"), ("replayed", "axis"), ("delivered", "axis")],
    "rerouted": [("dead", ""), ("replayed", ""), ("routed", "axis"), ("delivered", "axis")],
    "doubled": [("routed", "axis"), ("delivered", "axis"), ("delivered", "axis")],
    "given up": [("routed", "axis"), ("dead", "axis"), ("discarded", "axis")],
    "waiting": [("routed", "axis"), ("delivered", "igate")],
}


def journal() -> list[JournalEntry]:
    """Every life, step by step in turn, as one partition's journal has them."""
    entries: list[JournalEntry] = []
    longest = max(map(len, LIVES.values()))
    for turn in range(-1, longest):
        for message_id, life in LIVES.items():
            if turn >= len(life):
                continue
            step, system = life[turn] if turn >= 0 else ("accepted", "/systems/ioffice")
            body = message(message_id, subject=f"doc {message_id}").to_json() if turn < 0 else None
            number = len(entries)
            # Two steps of one journal entry, as hops of many messages write them, and a clock that stands still.
            entry_id = f"{NOW + number // 9}-0.{number % 9}"
            entries.append(JournalEntry(2, entry_id, message_id, step, system, NOW, "", body))
    return entries


async def stored(batches: Sequence[Sequence[JournalEntry]]) -> tuple[Recount, list[TracedMessage]]:
    """What a new store says after these batches."""
    store = await MessageStore.open("sqlite://")
    try:
        for batch in batches:
            await store.append(batch)
        found = await store.recount()
        journeys = [(await store.find(message_id))[0] for message_id in LIVES]
        return found, journeys
    finally:
        await store.aclose()


def same(found: tuple[Recount, list[TracedMessage]], wanted: tuple[Recount, list[TracedMessage]]) -> bool:
    """The `seq` is the order of the coming, so that may differ."""
    counts, others = found[0], wanted[0]
    states = [(one.message.state, one.steps) for one in found[1]]
    return (
        counts.by_state == others.by_state
        and counts.systems == others.systems
        and counts.unrouted == others.unrouted
        and sorted(counts.doubled) == sorted(others.doubled)
        and sorted(counts.unfinished) == sorted(others.unfinished)
        and states == [(one.message.state, one.steps) for one in wanted[1]]
    )


async def test_a_journal_in_order_is_counted_as_it_was_lived() -> None:
    counts, journeys = await stored([journal()])
    assert [one.message.state for one in journeys] == [
        "delivered", "delivered", "delivered", "delivered", "delivered", "discarded", "routed",
    ]  # fmt: skip
    assert (counts.doubled, counts.unfinished) == ((("doubled", "axis"),), (("waiting", "axis"),))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_store_is_the_same_whatever_the_order_the_batches_and_the_repeats(data: st.DataObject) -> None:
    entries = journal()
    repeats = data.draw(st.lists(st.sampled_from(entries), max_size=10))
    shuffled = data.draw(st.permutations([*entries, *repeats]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=6)))
    edges = [0, *cuts, len(shuffled)]
    batches = [shuffled[start:end] for start, end in pairwise(edges)]
    assert same(asyncio.run(stored(batches)), asyncio.run(stored([entries])))


async def test_steps_that_come_one_by_one_in_any_order_end_in_the_same_state() -> None:
    entries = [entry for entry in journal() if entry.message_id == "replayed"]
    for order in list(permutations(entries))[::17]:
        store = await MessageStore.open("sqlite://")
        for entry in order:
            await store.append([entry])
        traced, _ = await store.find("replayed")
        await store.aclose()
        assert [step.step for step in traced.steps] == ["accepted", "routed", "dead", "replayed", "delivered"]


async def test_steps_of_an_id_that_two_sources_use_stay_with_the_one_that_was_accepted_last() -> None:
    store = await MessageStore.open("sqlite://")
    one, two = message("m", subject="d"), message("m", subject="d", source="/systems/igate")
    for number, (step, body) in enumerate(
        [("accepted", one), ("dead", None), ("accepted", two), ("expired", None)]
    ):
        await store.append(
            [JournalEntry(0, f"{number}-0", "m", step, "", NOW, "", body.to_json() if body else None)]
        )
    found = await store.search(MessageQuery())
    await store.aclose()
    assert [(row.source, row.state) for row in found] == [
        ("/systems/igate", "expired"),
        (one.source, "dead"),
    ]


async def test_what_was_refused_is_no_message() -> None:
    store = await MessageStore.open("sqlite://")
    await store.append([JournalEntry(0, "1-0", "m", "invalid", "axis", NOW)])
    await store.append([JournalEntry(0, "2-0", "m", "accepted", "", NOW, "", message("m").to_json())])
    traced, _ = await store.find("m")
    await store.aclose()
    assert [step.step for step in traced.steps] == ["accepted"]


async def test_two_writers_of_one_file_lose_and_double_nothing(tmp_path: Path) -> None:
    url, entries = f"sqlite:///{tmp_path}/messages.db", journal()
    first, second = await asyncio.gather(MessageStore.open(url), MessageStore.open(url))
    await asyncio.gather(
        *(first.append([entry]) for entry in entries), *(second.append([entry]) for entry in entries[::-1])
    )
    counts = await first.recount()
    journeys = [(await second.find(message_id))[0] for message_id in LIVES]
    await asyncio.gather(first.aclose(), second.aclose())
    assert same((counts, journeys), await stored([entries]))


_KILLED = """
import asyncio, os, sys
from lgsp.store import JournalEntry, MessageStore
from lgsp.store import append as rows

async def work():
    store = await MessageStore.open(sys.argv[1])
    body = sys.stdin.buffer.read()
    await store.append([JournalEntry(0, "1-0", "before", "accepted", "", 1, "", body.replace(b"KILLED", b"before"))])
    rows._keep = lambda *_: os._exit(9)
    await store.append([JournalEntry(0, "2-0", "KILLED", "accepted", "", 2, "", body),
                        JournalEntry(0, "3-0", "before", "dead", "", 3)])

asyncio.run(work())
"""


async def test_a_writer_killed_in_the_middle_of_a_batch_leaves_none_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/messages.db"
    body = message("KILLED").to_json()
    command = [sys.executable, "-c", _KILLED, url]
    done = await asyncio.to_thread(
        subprocess.run, command, input=body, check=False, env={**os.environ}, timeout=60
    )
    assert done.returncode == 9
    store = await MessageStore.open(url)
    found = await store.search(MessageQuery())
    await store.append([JournalEntry(0, "3-0", "before", "dead", "", 3)])
    again = await store.search(MessageQuery(state="dead"))
    await store.aclose()
    assert [(row.message_id, row.state) for row in found] == [("before", "accepted")]
    assert [row.message_id for row in again] == ["before"]
