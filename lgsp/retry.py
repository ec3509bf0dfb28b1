"""Backoff and circuit decisions: pure arithmetic on what has happened so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

__all__ = ["Circuit", "Pace", "RetryPolicy"]

_MAX_SUSPECTS = 1000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter on its upper half; times in seconds."""

    base_s: float = 0.5
    cap_s: float = 300.0
    max_attempts: int = 8

    def delay_s(self, attempt: int, chance: float) -> float:
        """How long to wait after the `attempt`-th failure (from 1); `chance` in [0, 1) spreads the waiters."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** (min(attempt, 32) - 1))
        return ceiling * (0.5 + chance / 2)

    def is_spent(self, attempt: int) -> bool:
        """Whether that attempt was the last one."""
        return attempt >= self.max_attempts


@dataclass(slots=True)
class Circuit:
    """Whether a system is worth calling. Opens at the first sign that the whole system is away; one probe at a time closes it.

    A call without an answer is such a sign only when `silences` subjects in a row got none: one alone may be a poison message. And a
    subject that got none, while the system answered others, and again gets none, is no sign at all.
    """

    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(base_s=0.25, cap_s=30.0))
    silences: int = 3
    failures: int = 0
    reason: str = ""
    asked_s: float = 0.0
    _silent: set[str] = field(default_factory=set)
    _probing: bool = False
    _answers: int = 0
    _suspects: dict[str, int] = field(default_factory=dict)
    _told: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the system was away at the last call."""
        return self.failures > 0

    def tell_when_closed(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called whenever the circuit closes; the answer ends that."""
        self._told.append(tell)
        return partial(self._told.remove, tell)

    def succeeded(self) -> None:
        """The system answered, whatever it said."""
        if self.failures:
            for tell in self._told:
                tell()
        self.failures = 0
        self.reason = ""
        self._probing = False
        self._silent.clear()
        self._answers += 1

    def unanswered(self, subject: str, reason: str) -> bool:
        """A call about that subject got no answer; whether the system is taken to be away for it."""
        before = self._suspects.pop(subject, self._answers)
        self._suspects[subject] = self._answers
        if len(self._suspects) > _MAX_SUSPECTS:
            del self._suspects[next(iter(self._suspects))]
        if before < self._answers:
            return False
        self._silent.add(subject)
        if not self.is_open and len(self._silent) < self.silences:
            return False
        self.failed(reason)
        return True

    def failed(self, reason: str, wait_s: float = 0.0) -> None:
        """The system as a whole did not answer. Many calls that fail together are one failure, and so is each probe.

        `wait_s` is what the system itself asked for (Retry-After).
        """
        if self._probing or not self.is_open:
            self.failures += 1
        self._probing = False
        self.reason = reason
        self.asked_s = wait_s

    def probe(self) -> None:
        """The next call finds out whether the system is back."""
        self._probing = True

    def wait_s(self, chance: float) -> float:
        """Seconds until the next probe; 0 while closed."""
        return max(self.asked_s, self.policy.delay_s(self.failures, chance)) if self.is_open else 0.0


@dataclass(slots=True)
class Pace:
    """So many calls a second, each in its own slot; a slot that nobody took is not caught up. Times in seconds of one clock."""

    rate_per_s: float
    _next_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        """Take the next slot: how long to wait for it."""
        slot_s = max(self._next_s, now_s)
        self._next_s = slot_s + 1.0 / self.rate_per_s
        return slot_s - now_s
