"""The way out hands on each entry once and in order, whatever overtakes what between the server and here."""

import asyncio
from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lgsp.channels.entries import OutEntry
from lgsp.channels.way_out import Place, WayOut

pytestmark = pytest.mark.unit

Entry = OutEntry


def entry(number: int) -> Entry:
    # A third of them are large, and lie beside the stream.
    return OutEntry(f"{number // 3}-{number % 3}", f"m-{number}", "s", (), b"{}" if number % 3 else b"")


class Stream:
    """A server that does things in the order in which it is asked, and whose answers arrive when a test lets them."""

    def __init__(self) -> None:
        self.written: list[Entry] = []
        self.settled = 0
        self.room = 0
        self.handed: list[Entry] = []
        self.way = WayOut(self._read, self._take)
        self._answers: deque[tuple[asyncio.Future[list[Entry]], list[Entry]]] = deque()
        self._unheard: deque[list[Entry]] = deque()
        self.reading: asyncio.Task[None] | None = None

    async def _read(self, behind: Place, count: int) -> list[Entry]:
        found = [one for one in self.written[self.settled :] if place(one) > behind][:count]
        answer: asyncio.Future[list[Entry]] = asyncio.get_running_loop().create_future()
        self._answers.append((answer, found))
        return await answer

    def _take(self, entries: Sequence[Entry]) -> int:
        taken = list(entries)[: self.room]
        self.handed += taken
        self.room -= len(taken)
        return len(taken)

    async def act(self, what: str, count: int) -> None:
        match what:
            case "write":
                new = [entry(len(self.written) + 1 + number) for number in range(count)]
                self.written += new
                self._unheard.append(new)
            case "wrote" if self._unheard:
                self.way.wrote(self._unheard.popleft())
            case "read" if not self.way.at_end and self.room and self.reading is None:
                self.reading = asyncio.create_task(self._one_read(min(count, self.room)))
            case "answer" if self._answers:
                answer, found = self._answers.popleft()
                answer.set_result(found)
            case "room":
                self.room += count
            case "settle":
                self.settled = len(self.handed)
            case "again" if self.way.at_end and self.settled == len(self.handed):
                self.way.begin_again()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _one_read(self, count: int) -> None:
        await self.way.read(count)
        self.reading = None


def place(one: Entry) -> Place:
    milliseconds, _, number = one.entry_id.partition("-")
    return int(milliseconds), int(number)


ACTIONS = st.sampled_from(["write", "wrote", "read", "answer", "room", "settle", "again"])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(ACTIONS, st.integers(1, 9)), max_size=60))
# Written behind what a read found, and told before it; written before a read, and told after it; nothing left of what was written.
@example([(what, 9) for what in ("room", "read", "write", "wrote", "answer", "write", "wrote")])
@example([(what, 9) for what in ("room", "write", "read", "answer", "wrote", "write", "wrote")])
@example(
    [(what, 9) for what in ("room", "read", "answer", "write", "wrote", "room", "settle", "again", "read")]
)
def test_each_entry_is_handed_on_once_and_in_order(actions: list[tuple[str, int]]) -> None:
    async def lived_through() -> None:
        stream = Stream()
        for what, count in actions:
            await stream.act(what, count)
            assert stream.handed == stream.written[: len(stream.handed)]
        stream.room = 1_000
        for _ in range(200):
            for what in ("wrote", "read", "answer"):
                await stream.act(what, 4)
        assert stream.handed == stream.written
        assert stream.way.at_end, "or it would read for ever"

    asyncio.run(lived_through())
