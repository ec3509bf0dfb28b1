"""Backoff and circuit decisions: pure arithmetic on what has happened so far."""

from dataclasses import dataclass, field

__all__ = ["Circuit", "RetryPolicy"]


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
    """Whether a system is worth calling. Opens at the first sign that the whole system is away; one probe at a time closes it."""

    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(base_s=0.25, cap_s=30.0))
    failures: int = 0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the system was away at the last call."""
        return self.failures > 0

    def succeeded(self) -> None:
        """The system answered, whatever it said."""
        self.failures = 0
        self.reason = ""

    def failed(self, reason: str) -> None:
        """The system as a whole did not answer."""
        self.failures += 1
        self.reason = reason

    def wait_s(self, chance: float) -> float:
        """Seconds until the next probe; 0 while closed."""
        return self.policy.delay_s(self.failures, chance) if self.is_open else 0.0
