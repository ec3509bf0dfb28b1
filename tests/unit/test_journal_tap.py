"""How much the wire tap reads at once, and when it rests."""

import asyncio
from collections.abc import Coroutine, Sequence

import pytest

from lgsp.bus import journal_tap
from lgsp.bus.journal_tap import JournalTap
from lgsp.channels import Journaled, Keys, Server
from lgsp.channels.entries import JournalStep
from lgsp.store.journal import JournalEntry

pytestmark = pytest.mark.unit


class _Journals:
    """One partition has a backlog, the others nothing."""

    def __init__(self, entries: int, body: bytes = b"") -> None:
        step = JournalStep("1-0.0", "m", "accepted", "", 0, "", body)
        self.left = [Journaled(3, f"{number}-0", [step] * 300) for number in range(entries)]
        self.asked: list[int] = []

    async def read(self, *, again: bool, count: int) -> Sequence[Journaled]:
        if again:
            return ()
        self.asked.append(count)
        found, self.left = self.left[:count], self.left[count:]
        return found

    async def acknowledge(self, entries: Sequence[Journaled]) -> None:
        pass

    async def wait(self, block_ms: int) -> None:
        pass


class _Sink:
    async def append(self, entries: Sequence[JournalEntry]) -> None:
        pass


async def _follow(journals: _Journals, partitions: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much was left at each rest of a tap that follows them to their end."""
    rests: list[int] = []
    stopping = asyncio.Event()

    async def rested(pause: Coroutine[object, object, object], *_signs: asyncio.Event) -> None:
        is_rest = pause.__qualname__ == "sleep"
        pause.close()
        if is_rest:
            rests.append(len(journals.left))
        if not journals.left:
            stopping.set()
        await asyncio.sleep(0)

    monkeypatch.setattr(journal_tap, "until_stopped", rested)
    tap = JournalTap(Server("redis://127.0.0.1:1"), Keys(partitions=partitions), _Sink())
    monkeypatch.setattr(tap, "_journals", journals)
    async with asyncio.timeout(10):
        await tap._follow(stopping, asyncio.Event())
    return rests


@pytest.mark.parametrize("partitions", [1, 4, 12, 64, 300])
async def test_it_rests_only_when_nothing_is_left(partitions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rests = await _follow(_Journals(201), partitions, monkeypatch)
    assert rests
    assert set(rests) == {0}


async def test_it_reads_more_at_once_while_entries_are_small_and_no_more_than_fits_while_they_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, large = _Journals(400), _Journals(40, b"x" * 4096)
    await _follow(small, 4, monkeypatch)
    assert small.asked[:4] == [16, 32, 64, 64]
    await _follow(large, 4, monkeypatch)
    assert large.asked[:3] == [16, 5, 5]
