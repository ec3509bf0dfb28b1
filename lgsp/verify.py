"""The law, recounted: accepted = delivered + dead + expired + discarded + under way, and no effect twice.

The message store says what happened to each message; the streams say what still waits. While something waits, a message that is not
settled may be on its way; once nothing waits, it is lost. The dead letter channel must hold what the store calls dead, and a system that
can be asked must hold what was delivered to it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from lgsp.errors import LgspError
from lgsp.store import MessageQuery, Recount, StoredMessage

__all__ = ["Account", "Verification", "Verifier", "Witnesses"]

_PAGE = 500
_MOST_DEAD = 10_000
_ON_THE_WAY = ("inbox", "journal", "out:", "held:")


class Counted(Protocol):
    """The message store."""

    async def recount(self) -> Recount:
        """Count by system."""
        ...

    async def search(self, query: MessageQuery) -> Sequence[StoredMessage]:
        """Messages that fit, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Verification:
    """`lost` and `doubled` name messages as (message id, system; empty where it was not yet routed). `waiting` is by stream.

    `strayed`: dead for the store, and not in the dead letter channel. `not_held`: delivered, and its receiver, who was asked, does not
    hold it. `held_twice`: what a receiver holds twice, by its business key. `asked` says of each receiver how many deliveries it
    accounted for, or why it could not be asked.
    """

    holds: bool
    settled: bool
    counts: Recount
    waiting: Mapping[str, int]
    lost: tuple[tuple[str, str], ...]
    doubled: tuple[tuple[str, str], ...]
    strayed: tuple[str, ...] = ()
    not_held: tuple[tuple[str, str], ...] = ()
    held_twice: tuple[tuple[str, str], ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """Of `compared` deliveries, the receiver does not hold the messages `missing`."""

    compared: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who else knows.

    `buried`: the messages of all dead letters; `receivers`: asks a system what it holds, AdapterError where it does not answer; `twice`:
    asks a stand-in what it holds twice.
    """

    buried: Callable[[], Awaitable[Set[str]]]
    receivers: Mapping[str, Callable[[], Awaitable[Account]]] = field(default_factory=dict)
    twice: Mapping[str, Callable[[], Awaitable[Sequence[str]]]] = field(default_factory=dict)


class Verifier:
    """Recounts on demand."""

    def __init__(
        self,
        waiting: Callable[[], Awaitable[Mapping[str, int]]],
        store: Counted,
        witnesses: Witnesses | None = None,
    ) -> None:
        self._waiting = waiting
        self._store = store
        self._witnesses = witnesses

    async def verify(self, *, receivers: bool = False) -> Verification:
        """Count now. A message is called lost only if nothing was waiting before the count and nothing after it.

        `receivers`: ask the receiving systems too, which takes longer.
        """
        before = await self.on_the_way()
        counts = await self._store.recount()
        strayed = await self._strayed()
        not_held, asked = await self._ask_receivers() if receivers else ((), {})
        held_twice = await self._held_twice() if receivers else ()
        after = await self.on_the_way()
        settled = not before and not after
        lost = counts.unfinished if settled else ()
        strayed = strayed if settled else ()
        not_held = not_held if settled else ()
        return Verification(
            holds=not (lost or counts.doubled or strayed or not_held or held_twice),
            settled=settled,
            counts=counts,
            waiting=after,
            lost=lost,
            doubled=counts.doubled,
            strayed=strayed,
            not_held=not_held,
            held_twice=held_twice,
            asked=asked,
        )

    async def _strayed(self) -> tuple[str, ...]:
        """Of the newest ten thousand that are dead for the store, those that lie in no dead letter channel."""
        if self._witnesses is None:
            return ()
        dead: set[str] = set()
        query = MessageQuery(state="dead", limit=_PAGE)
        while page := await self._store.search(query):
            dead |= {one.message_id for one in page}
            if len(page) < _PAGE or len(dead) >= _MOST_DEAD:
                break
            query = replace(query, after=page[-1].seq)
        return tuple(sorted(dead - await self._witnesses.buried()))

    async def _ask_receivers(self) -> tuple[tuple[tuple[str, str], ...], Mapping[str, str]]:
        not_held: list[tuple[str, str]] = []
        asked: dict[str, str] = {}
        for system, ask in self._witnesses.receivers.items() if self._witnesses else ():
            try:
                account = await ask()
            except LgspError as exc:
                asked[system] = f"could not be asked: {exc}"
                continue
            asked[system] = f"{account.compared} deliveries compared"
            not_held += [(message_id, system) for message_id in account.missing]
        return tuple(not_held), asked

    async def _held_twice(self) -> tuple[tuple[str, str], ...]:
        """A stand-in that does not answer has said so as a receiver."""
        found: list[tuple[str, str]] = []
        for system, ask in self._witnesses.twice.items() if self._witnesses else ():
            with suppress(LgspError):
                found += [(key, system) for key in await ask()]
        return tuple(found)

    async def on_the_way(self) -> dict[str, int]:
        """What still waits, by stream; dead and refused messages do not."""
        found = await self._waiting()
        return {name: count for name, count in found.items() if count and name.startswith(_ON_THE_WAY)}
