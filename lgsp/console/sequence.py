"""The conversation as a sequence diagram: one lifeline a system, one arrow a message and receiver. Geometry only; the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.store import StoredMessage, TracedMessage

__all__ = ["Arrow", "Diagram", "diagram"]

MOST = 80
LANE, LEFT, TOP, ROW, BOTTOM = 320, 110, 44, 40, 14


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one lifeline to another, or to itself; `y` is its line."""

    message: StoredMessage
    target: str
    state: str
    x1: int
    x2: int
    y: int
    current: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """`lanes` are (system, x); `left_out` messages had no room any more."""

    width: int
    height: int
    lanes: tuple[tuple[str, int], ...]
    arrows: tuple[Arrow, ...]
    left_out: int


def diagram(conversation: Sequence[TracedMessage], current_id: str) -> Diagram:
    """The messages in the order of their acceptance."""
    hops = [(traced.message, target, state) for traced in conversation for target, state in _targets(traced)]
    shown = hops[:MOST]
    names: dict[str, None] = {}
    for message, target, _ in shown:
        names[_name(message.source)] = None
        if target:
            names[target] = None
    at = {name: LEFT + LANE * place for place, name in enumerate(names)}
    arrows = []
    for row, (message, target, state) in enumerate(shown):
        x1 = at[_name(message.source)]
        arrows.append(
            Arrow(
                message,
                target,
                state,
                x1,
                at.get(target, x1),
                TOP + 34 + ROW * row,
                message.message_id == current_id,
            )
        )
    width = LEFT * 2 + LANE * max(0, len(at) - 1)
    return Diagram(
        width, TOP + 34 + ROW * len(shown) + BOTTOM, tuple(at.items()), tuple(arrows), len(hops) - len(shown)
    )


def _targets(traced: TracedMessage) -> list[tuple[str, str]]:
    """Each system that it went to, with the last step there."""
    found: dict[str, str] = {}
    for step in traced.steps:
        if step.step == "routed":
            found.update({system: "routed" for system in step.system.split(",") if system not in found})
        elif step.step not in {"accepted", "duplicate"}:
            found[step.system] = step.step
    if len(found) > 1:
        found.pop("", None)
    return list(found.items()) or [("", traced.message.state)]


def _name(source: str) -> str:
    return source.removeprefix("/systems/")
