"""How a delivery ends: data, not control flow."""

from dataclasses import dataclass

__all__ = ["DeadLetter", "Delivered", "Early", "Expired", "Outcome", "RetryLater"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The system has the message; `reference` is the system's own id for it (docId, mã hồ sơ …)."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now. `counts` is false where the system as a whole is away: such a wait costs the message no try."""

    reason: str
    delay_s: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Never, as it stands: refused by the system, unreadable for it, or its tries are spent.

    `attempts`: how many tries that were, where somebody other than the bus has counted them.
    """

    reason: str
    code: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """Its sender's time limit (`expirytime`) passed before it could be delivered."""


@dataclass(frozen=True, slots=True)
class Early:
    """It came before its predecessor: behind the other messages of its subject, or, where none is left, after `delay_s`.

    `since_ms` is when the system said so first.
    """

    reason: str
    delay_s: float
    since_ms: int


Outcome = Delivered | RetryLater | DeadLetter | Expired | Early
