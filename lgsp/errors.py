"""The error tree, and whether a retry can help.

LgspError
├── ConfigurationError      lgsp.toml, environment, port, data directory: fix and start again
├── NotFoundError           an id that nobody knows
├── BackpressureError       the bus is full: publish again after `retry_after_s`           (retry helps)
├── ChannelUnavailableError the Redis server does not answer                               (retry helps)
├── StaleLeaseError         this worker no longer owns the partition; another one goes on
└── AdapterError            what an adapter may raise from `send` and `poll`, one of five:
    ├── TransientError      the system did not answer, or said "later"                     (retry helps)
    ├── EarlyError          the system does not yet have what the message builds on        (retry helps)
    ├── RejectedError       the system understood, and refused
    ├── TriesSpentError     the system took it often enough, and never said what became of it
    └── InvalidMessageError the content breaks its schema; carries every `Fault`
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "AdapterError",
    "BackpressureError",
    "ChannelUnavailableError",
    "ConfigurationError",
    "EarlyError",
    "Fault",
    "InvalidMessageError",
    "LgspError",
    "NotFoundError",
    "RejectedError",
    "StaleLeaseError",
    "TransientError",
    "TriesSpentError",
    "WrongValueError",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a content: where it is, and what to do, in both languages.

    `place` is a JSON Pointer (`/data/subject`) or an XPath (`/edXML/edXMLEnvelope/…`); `line` counts from 1, 0 = unknown.
    """

    code: str
    place: str
    message: str
    message_vi: str
    line: int = 0
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.place} (line {self.line})" if self.line else self.place
        return f"{where or '/'}: {self.message}"


class WrongValueError(ValueError):
    """A value that is not what it should be, said in both languages; what a validator raises, so that a `Fault` can say it."""

    def __init__(self, message: str, message_vi: str) -> None:
        super().__init__(message)
        self.message_vi = message_vi


class LgspError(Exception):
    """Root of every error that this project raises on purpose. `message_vi`: the same in Vietnamese, where a page may show it."""

    code = "lgsp.error"
    can_retry = False

    def __init__(self, message: str, message_vi: str = "") -> None:
        super().__init__(message)
        self.message_vi = message_vi


class ConfigurationError(LgspError):
    """Something that a person typed is wrong; the message names the file, the place and the remedy."""

    code = "lgsp.configuration"


class NotFoundError(LgspError):
    """Nobody knows the id that was asked for."""

    code = "lgsp.not_found"


class BackpressureError(LgspError):
    """The bus is full for the moment; nothing was accepted."""

    code = "lgsp.full"
    can_retry = True

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ChannelUnavailableError(LgspError):
    """The Redis server can't be reached, or doesn't answer in time."""

    code = "lgsp.channel_unavailable"
    can_retry = True


class StaleLeaseError(LgspError):
    """Another worker has taken over the partition; whatever this one still holds is void."""

    code = "lgsp.stale_lease"


class AdapterError(LgspError):
    """What went wrong between the bus and one system."""

    code = "lgsp.adapter"
    attempts = 0
    """How many tries it cost, where somebody other than the bus has counted them."""


class TransientError(AdapterError):
    """The system did not take the message now; the same call may succeed later.

    `system_down` is true where the system as a whole is away (no connection, no answer, 502, 503): that opens the circuit and
    costs the message none of its tries. `unanswered` is true where the call was made and nothing came back: that may be the message's
    fault or the system's. `retry_after_s` is what the system itself asked for.
    """

    code = "lgsp.transient"
    can_retry = True

    def __init__(
        self,
        message: str,
        message_vi: str = "",
        *,
        system_down: bool = False,
        unanswered: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, message_vi)
        self.system_down = system_down
        self.unanswered = unanswered
        self.retry_after_s = retry_after_s


class EarlyError(AdapterError):
    """The message came before its predecessor: the system does not yet have what it builds on.

    It steps behind the other messages of its subject and waits for a bounded time; then it is refused with this reason.
    """

    code = "lgsp.early"
    can_retry = True


class RejectedError(AdapterError):
    """The system understood the message and refused it; `wire_code` is the code that it gave."""

    code = "lgsp.rejected"

    def __init__(self, message: str, message_vi: str = "", *, wire_code: str = "") -> None:
        super().__init__(message, message_vi)
        self.wire_code = wire_code


class TriesSpentError(AdapterError):
    """The system, or whoever counts its tries, gave the message up after `attempts` of them; `reason` is what went wrong the last time."""

    code = "lgsp.tries_spent"

    def __init__(self, reason: str, attempts: int) -> None:
        super().__init__(f"{attempts} tries spent; the last: {reason}")
        self.attempts = attempts


class InvalidMessageError(AdapterError):
    """The content breaks its schema; `faults` has every mistake with its place."""

    code = "lgsp.invalid"

    def __init__(self, what: str, faults: Sequence[Fault]) -> None:
        self.what = what
        self.faults = tuple(faults)
        first = self.faults[:5]
        super().__init__(
            f"{what}: {len(self.faults)} fault(s): " + "; ".join(map(str, first)),
            f"{what}: {len(self.faults)} lỗi: "
            + "; ".join(f"{one.place or '/'}: {one.message_vi}" for one in first),
        )
