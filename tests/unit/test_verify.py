"""The law, recounted over a real store with a journal of our own making."""

from collections.abc import AsyncIterator

import pytest

from builders import message
from lgsp.errors import TransientError
from lgsp.store import JournalEntry, MessageStore
from lgsp.verify import Account, Verification, Verifier, Witnesses

pytestmark = pytest.mark.unit

NOW = 1_795_000_000_000
Steps = list[tuple[str, str]]


@pytest.fixture
async def store() -> AsyncIterator[MessageStore]:
    opened = await MessageStore.open("sqlite://")
    yield opened
    await opened.aclose()


async def verified(
    store: MessageStore,
    lives: dict[str, Steps],
    waiting: dict[str, int] | None = None,
    witnesses: Witnesses | None = None,
) -> Verification:
    """Accept each message, let it live, and count."""
    entries: list[JournalEntry] = []
    for message_id, steps in lives.items():
        sent = message(message_id)
        for step, system in [("accepted", sent.source), *steps]:
            number = len(entries) + 1
            body = sent.to_json() if step == "accepted" else None
            entries.append(JournalEntry(0, f"{number}-0", message_id, step, system, NOW + number, "", body))
    await store.append(entries)

    async def waits() -> dict[str, int]:
        return waiting or {"inbox": 0, "out:axis": 0, "dead": 3}

    return await Verifier(waits, store, witnesses).verify(receivers=True)


DELIVERED = [("routed", "axis"), ("delivered", "axis")]


async def test_what_has_ended_in_any_way_obeys_the_law(store: MessageStore) -> None:
    found = await verified(
        store,
        {
            "a": DELIVERED,
            "b": [("routed", "axis"), ("retrying", "axis"), ("dead", "axis")],
            "c": [("routed", "axis"), ("expired", "axis")],
            "d": [("routed", "axis"), ("dead", "axis"), ("discarded", "axis")],
            "e": [("dead", "")],
            "f": [("expired", "")],
        },
    )
    (axis,) = found.counts.systems
    assert (found.holds, found.settled, found.counts.accepted, found.counts.unrouted) == (True, True, 6, 2)
    assert (axis.routed, axis.delivered, axis.dead, axis.expired, axis.discarded, axis.under_way) == (
        4,
        1,
        1,
        1,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("steps", "lost"),
    [
        ([], ("a", "")),
        ([("routed", "axis")], ("a", "axis")),
        ([("routed", "axis"), ("retrying", "axis")], ("a", "axis")),
    ],
)
async def test_what_has_not_ended_is_lost_once_nothing_waits(
    store: MessageStore, steps: Steps, lost: tuple[str, str]
) -> None:
    found = await verified(store, {"a": steps, "b": DELIVERED})
    assert (found.holds, found.lost) == (False, (lost,))


async def test_what_has_not_ended_is_under_way_while_something_waits(store: MessageStore) -> None:
    found = await verified(store, {"a": [("routed", "axis")]}, {"out:axis": 1})
    assert (found.holds, found.settled, found.lost) == (True, False, ())


async def test_delivered_twice_breaks_the_law_unless_it_was_replayed(store: MessageStore) -> None:
    again = [("delivered", "axis")]
    found = await verified(
        store, {"a": [*DELIVERED, *again], "b": [*DELIVERED, ("replayed", "axis"), *again], "c": DELIVERED}
    )
    assert (found.holds, found.doubled) == (False, (("a", "axis"),))


async def test_a_step_that_comes_again_is_not_counted_twice(store: MessageStore) -> None:
    lives: dict[str, Steps] = {"a": DELIVERED}
    await verified(store, lives)
    found = await verified(store, lives)
    assert (found.holds, found.counts.accepted) == (True, 1)


async def test_dead_letter_that_lies_nowhere_is_named(store: MessageStore) -> None:
    async def buried() -> set[str]:
        return {"kept"}

    dead = [("routed", "axis"), ("dead", "axis")]
    found = await verified(store, {"kept": dead, "strayed": dead}, witnesses=Witnesses(buried))
    assert (found.holds, found.strayed) == (False, ("strayed",))


async def test_receiver_that_does_not_hold_what_was_delivered_breaks_the_law(store: MessageStore) -> None:
    async def buried() -> set[str]:
        return set()

    async def axis() -> Account:
        return Account(2, ("b",))

    async def portal() -> Account:
        raise TransientError("no connection")

    witnesses = Witnesses(buried, {"axis": axis, "portal": portal})
    found = await verified(store, {"a": DELIVERED, "b": DELIVERED}, witnesses=witnesses)
    assert (found.holds, found.not_held) == (False, (("b", "axis"),))
    assert found.asked == {
        "axis": "2 deliveries compared",
        "portal": "could not be asked: no connection",
    }
