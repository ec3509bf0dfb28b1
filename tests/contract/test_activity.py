"""What just moved: the log on every server product, and the sink that tells it."""

from collections import Counter

import pytest

from builders import message
from lgsp.bus import Telling
from lgsp.channels import ActivityLog, Keys, Server
from lgsp.store import JournalEntry, MessageStore

pytestmark = pytest.mark.contract

ACCEPTED = ("accepted", "/systems/ioffice", "document.issued")
DELIVERED = ("delivered", "axis", "document.issued")


@pytest.fixture
def log(server: Server) -> ActivityLog:
    return ActivityLog(server, Keys(partitions=2))


async def test_before_anything_was_told_there_is_an_end_to_begin_at(log: ActivityLog) -> None:
    assert await log.last_id() == "0-0"
    assert await log.since("") == await log.since("0-0") == ()


async def test_a_reader_gets_what_was_told_behind_its_place_once_and_in_order(log: ActivityLog) -> None:
    await log.tell({ACCEPTED: 3})
    place = await log.last_id()
    await log.tell({DELIVERED: 2})
    await log.tell({ACCEPTED: 1, DELIVERED: 1})
    behind = await log.since(place)
    assert [dict(one.counts) for one in behind] == [{DELIVERED: 2}, {ACCEPTED: 1, DELIVERED: 1}]
    assert behind[0].at_ms > 0
    assert await log.since(behind[-1].id) == ()
    assert behind[-1].id == await log.last_id()


async def test_old_batches_fall_off_and_one_reading_is_bounded(log: ActivityLog, server: Server) -> None:
    for number in range(1, 1500):
        await log.tell({ACCEPTED: number})
    kept = await server.call("XLEN", Keys(partitions=2).activity())
    assert isinstance(kept, int)
    assert kept < 1000
    found = await log.since("")
    assert len(found) == 128
    assert found[0].counts[ACCEPTED] > 1


class Heard:
    """In the place of the log."""

    def __init__(self) -> None:
        self.told: list[Counter[tuple[str, str, str]]] = []

    async def tell(self, counts: Counter[tuple[str, str, str]]) -> None:
        self.told.append(counts)


async def test_each_step_is_told_with_the_type_of_its_message_also_in_a_later_batch() -> None:
    store, heard = await MessageStore.open("sqlite://"), Heard()
    told = Telling(store, heard)  # type: ignore[arg-type]
    body = message("m-1").to_json()
    await told.append([JournalEntry(0, "1-0", "m-1", "accepted", "/systems/ioffice", 1, "", body)])
    await told.append(
        [
            JournalEntry(0, "2-0", "m-1", "routed", "axis,igate", 2),
            JournalEntry(0, "3-0", "m-1", "delivered", "axis", 3),
            JournalEntry(0, "4-0", "unknown", "delivered", "axis", 3),
        ]
    )
    await told.append([])
    assert heard.told == [
        {ACCEPTED: 1},
        {
            ("routed", "axis", "document.issued"): 1,
            ("routed", "igate", "document.issued"): 1,
            DELIVERED: 1,
            ("delivered", "axis", ""): 1,
        },
    ]
    await store.aclose()
