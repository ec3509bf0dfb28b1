"""The law, recounted: accepted = delivered + dead + expired + discarded + under way, and no effect twice.

The message store says what happened to each message; the streams say what still waits. While something waits, a message that is not
settled may be on its way; once nothing waits, it is lost.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lgsp.store import Recount

__all__ = ["Verification", "Verifier"]

_ON_THE_WAY = ("inbox", "journal", "out:", "held:")


class Counted(Protocol):
    """The message store."""

    async def recount(self) -> Recount:
        """Count by system."""
        ...


@dataclass(frozen=True, slots=True)
class Verification:
    """`lost` and `doubled` name messages as (message id, system; empty where it was not yet routed). `waiting` is by stream."""

    holds: bool
    settled: bool
    counts: Recount
    waiting: Mapping[str, int]
    lost: tuple[tuple[str, str], ...]
    doubled: tuple[tuple[str, str], ...]


class Verifier:
    """Recounts on demand."""

    def __init__(self, waiting: Callable[[], Awaitable[Mapping[str, int]]], store: Counted) -> None:
        self._waiting = waiting
        self._store = store

    async def verify(self) -> Verification:
        """Count now. A message is called lost only if nothing was waiting before the count and nothing after it."""
        before = await self.on_the_way()
        counts = await self._store.recount()
        after = await self.on_the_way()
        settled = not before and not after
        lost = counts.unfinished if settled else ()
        return Verification(
            holds=not lost and not counts.doubled,
            settled=settled,
            counts=counts,
            waiting=after,
            lost=lost,
            doubled=counts.doubled,
        )

    async def on_the_way(self) -> dict[str, int]:
        """What still waits, by stream; dead and refused messages do not."""
        found = await self._waiting()
        return {name: count for name, count in found.items() if count and name.startswith(_ON_THE_WAY)}
