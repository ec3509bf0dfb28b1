"""Group commit: order, bounds, and whose error is whose."""

import asyncio
from collections.abc import Sequence

import pytest

from lgsp.channels.group_commit import GroupCommit

pytestmark = pytest.mark.unit


class Wire:
    """Takes batches; `gate` holds the answer back, `broken` refuses what contains that item."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.busy = asyncio.Event()
        self.broken = -1

    async def send(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        self.busy.set()
        await self.gate.wait()
        if self.broken in items:
            raise ConnectionError("cut")
        return [item * 10 for item in items]


def group(wire: Wire, *, most: int = 100, most_bytes: int = 1000) -> GroupCommit[int, int]:
    return GroupCommit(wire.send, most=most, most_bytes=most_bytes, weigh=lambda item: item)


async def test_what_comes_during_a_round_trip_shares_the_next_in_order() -> None:
    wire = Wire()
    commit = group(wire)
    first = commit.submit(1)
    await wire.busy.wait()
    others = [commit.submit(item) for item in (2, 3, 4)]
    await asyncio.sleep(0)
    wire.gate.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40]
    assert wire.batches == [[1], [2, 3, 4]]


@pytest.mark.parametrize(
    ("bounds", "batches"),
    [({"most": 2}, [[5, 6], [7, 8]]), ({"most_bytes": 12}, [[5, 6], [7], [8]]), ({"most_bytes": 1}, [[5], [6], [7], [8]])],
)  # fmt: skip
async def test_a_batch_is_bounded_and_something_too_large_goes_alone(
    bounds: dict[str, int], batches: list[list[int]]
) -> None:
    wire = Wire()
    wire.gate.set()
    commit = group(wire, **bounds)
    await asyncio.gather(*(commit.submit(item) for item in (5, 6, 7, 8)))
    assert wire.batches == batches


async def test_an_error_belongs_to_its_batch_and_the_next_goes_on() -> None:
    wire = Wire()
    wire.gate.set()
    wire.broken = 2
    commit = group(wire, most=2)
    ends = await asyncio.gather(*(commit.submit(item) for item in (1, 2, 3)), return_exceptions=True)
    assert [type(end) for end in ends] == [ConnectionError, ConnectionError, int]


async def test_who_stops_waiting_does_not_take_the_others_along() -> None:
    wire = Wire()
    commit = group(wire)
    going = commit.submit(1)
    staying = commit.submit(2)
    await asyncio.sleep(0)
    going.cancel()
    wire.gate.set()
    assert await staying == 20
    assert wire.batches == [[1, 2]]
