"""The way from a partition's hops to the endpoint of one system."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile

from lgsp.channels.entries import OutEntry

__all__ = ["Place", "WayOut", "id_of"]

Place = tuple[int, int]
"""An entry's id: milliseconds, and its number within them."""

_START: Place = (0, 0)


class WayOut:
    """Hands on what waits in one out stream, each entry once and in the stream's order.

    Nobody but the holder of the lease writes into an out stream, so this process knows what it put there. An endpoint that has all of it
    is *at the end*, and is handed new entries by the hop that wrote them: they are never read. One that has no room for them falls
    *behind*, and reads on in the stream when it has. A new holder begins behind, at the start.

    Nothing is lost with what is handed on: an entry leaves the stream when it is settled, and not before.
    """

    def __init__(
        self,
        read: Callable[[Place, int], Awaitable[list[OutEntry]]],
        take: Callable[[Sequence[OutEntry]], int],
    ) -> None:
        """`read` gives so many entries behind a place; `take` answers how many of those that it is handed, from the first, it takes."""
        self._read = read
        self._take = take
        self._handed = self._written = _START
        self.at_end = False
        self.behind = asyncio.Event()

    async def read(self, count: int) -> None:
        """Hand on the next `count` entries of the stream, or fewer where it ends.

        Handed on from here, not returned: who waits for a result gets it a turn of the loop later, and in between a hop may hand on
        what comes behind them.

        Raises:
            StaleLeaseError: the partition belongs to another worker.
            ChannelUnavailableError: no answer.
        """
        written = self._written  # at the least: whatever was written by now is read
        entries = await self._read(self._handed, count)
        if self._hand_on(entries) and len(entries) < count:
            self._handed = max(self._handed, written)
            self.at_end = self._written <= self._handed
            if self.at_end:
                self.behind.clear()

    def wrote(self, entries: Sequence[OutEntry]) -> None:
        """These are in the stream by now, behind all others."""
        self._written = _place(entries[-1])
        if not self.at_end or self._written <= self._handed:
            return
        # A large message lies beside the stream; who reads it there gets it whole.
        whole = list(takewhile(lambda entry: entry.body, entries))
        if not self._hand_on(whole) or len(whole) < len(entries):
            self._fall_behind()

    def begin_again(self) -> None:
        """With nothing in hand the stream should be empty; what is there all the same, a stranger wrote."""
        self._handed = _START
        self._fall_behind()

    def _hand_on(self, entries: Sequence[OutEntry]) -> bool:
        """Whether all of them were taken."""
        taken = self._take(entries) if entries else 0
        if taken:
            self._handed = _place(entries[taken - 1])
        return taken == len(entries)

    def _fall_behind(self) -> None:
        self.at_end = False
        self.behind.set()


def id_of(place: Place) -> str:
    """As the server writes it."""
    return f"{place[0]}-{place[1]}"


def _place(entry: OutEntry) -> Place:
    milliseconds, _, number = entry.entry_id.partition("-")
    return int(milliseconds), int(number)
