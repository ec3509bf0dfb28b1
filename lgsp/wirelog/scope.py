"""Which message an exchange belongs to: a scope around one delivery, one item of a poll or one call-back."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol

from lgsp.wirelog.exchange import Exchange

__all__ = ["MOST", "Scope", "Stage", "Taker", "about", "current", "entered", "item", "note", "reference_key"]

MOST = 64
"""Exchanges of one scope; later ones push the oldest out."""

Stage = Literal["received", "sent"]


class Taker(Protocol):
    """Where a scope goes when it ends."""

    def now_ms(self) -> int:
        """The bus's time."""
        ...

    def take(self, scope: "Scope") -> None:
        """Keep the exchanges of a scope that belongs to something."""
        ...


@dataclass(slots=True)
class Scope:
    """What was exchanged, and the keys of what it was about: message ids, and receipts' references with their system."""

    taker: Taker
    system: str
    stage: Stage
    keys: set[str] = field(default_factory=set)
    exchanges: list[Exchange] = field(default_factory=list)


_CURRENT: ContextVar[Scope | None] = ContextVar("wirelog", default=None)


def current() -> Scope | None:
    """The scope of this task; None where nobody keeps a log, and nothing need be collected."""
    return _CURRENT.get()


def note(exchange: Exchange) -> None:
    """An exchange of this task's scope; its time is now, less what it took."""
    scope = _CURRENT.get()
    if scope is None:
        return
    exchange.at_ms = exchange.at_ms or scope.taker.now_ms() - exchange.took_ms
    scope.exchanges.append(exchange)
    del scope.exchanges[:-MOST]


def about(message_id: str = "", *, reference: str = "") -> None:
    """This task's scope is about that message, or about what was sent and has that reference (`Receipt.reference`)."""
    scope = _CURRENT.get()
    if scope is None:
        return
    if message_id:
        scope.keys.add(message_id)
    if reference:
        scope.stage = "sent"
        scope.keys.add(reference_key(scope.system, reference))


@contextmanager
def item() -> Iterator[None]:
    """A scope of its own for one item of a poll, so that its exchanges are not taken for another's."""
    outer = _CURRENT.get()
    if outer is None:
        yield
        return
    with entered(Scope(outer.taker, outer.system, outer.stage)):
        yield


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    """Work within `scope`; at its end it goes to its taker if it was about anything."""
    token = _CURRENT.set(scope)
    try:
        yield
    finally:
        _CURRENT.reset(token)
        if scope.keys and scope.exchanges:
            scope.taker.take(scope)


def reference_key(system: str, reference: str) -> str:
    """The key of a receipt's reference; a system's references are its own."""
    return f"{system}\n{reference}"
