"""A message's steps as people follow them: with how long each took."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.store import StoredStep, TracedMessage

__all__ = ["TimelineRow", "timeline", "whole_ms"]

ENDED = frozenset({"delivered", "dead", "discarded", "expired", "unrouted", "invalid"})


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One step; `after_ms` since the step before it at the same system, else since the one that it follows; `share` 0..100 of the whole."""

    step: str
    system: str
    at_ms: int
    detail: str
    after_ms: int
    start: float
    width: float


def timeline(steps: Sequence[StoredStep]) -> list[TimelineRow]:
    """The steps, oldest first; bars in percent of the whole time."""
    if not steps:
        return []
    first, total = steps[0].at_ms, max(1, whole_ms(steps))
    latest: dict[str, int] = {}
    reached, rows = first, []
    for step in steps:
        system = step.system.removeprefix("/systems/")
        before = latest.get(system, reached)
        rows.append(
            TimelineRow(
                step.step,
                system,
                step.at_ms,
                step.detail,
                step.at_ms - before,
                100 * (before - first) / total,
                100 * (step.at_ms - before) / total,
            )
        )
        latest[system] = step.at_ms
        if step.step in {"accepted", "routed"}:
            reached = step.at_ms
            latest.update(dict.fromkeys(step.system.split(","), step.at_ms))
    return rows


def whole_ms(steps: Sequence[StoredStep]) -> int:
    """From the first step to the last."""
    return steps[-1].at_ms - steps[0].at_ms if steps else 0


def is_open(traced: TracedMessage) -> bool:
    """Whether something is still to come."""
    return traced.message.state not in ENDED
