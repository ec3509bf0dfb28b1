"""What the portal holds, and what it lacks yet. Judged by the one thing that TraCuuHoSo shows: the dossier's state."""

from collections import defaultdict
from collections.abc import Sequence

from lgsp.adapter import Delivered
from lgsp.message import Message
from lgsp.standards.dossier_life import STATES, check_transition, reachable

__all__ = ["by_dossier", "is_early", "lacking", "state_told"]

_REQUESTS = {"dossier.supplement_requested": "5", "dossier.fee_requested": "6"}


def state_told(message: Message) -> str:
    """TrangThaiHoSo that the portal has shown since then; empty for what has nothing to do with a dossier's state."""
    if message.kind in _REQUESTS:
        return _REQUESTS[message.kind]
    state = str(message.data.get("state", ""))
    return state if message.kind.startswith("dossier.") and state in STATES else ""


def by_dossier(delivered: Sequence[Delivered]) -> dict[str, list[Delivered]]:
    """What told a state, by dossier, in order of delivery."""
    found: defaultdict[str, list[Delivered]] = defaultdict(list)
    for each in delivered:
        if state_told(each.message):
            found[each.message.subject].append(each)
    return dict(found)


def lacking(told: Sequence[Delivered], shown: str) -> Sequence[Delivered]:
    """What came after the state that the portal shows; all of it where it has no such dossier, or an earlier state than any of these."""
    last = state_told(told[-1].message)
    if last == shown:
        return ()
    places = [place for place, each in enumerate(told) if state_told(each.message) == shown]
    if places:
        return told[places[-1] + 1 :]
    return () if shown and shown in reachable(last) else told


def is_early(message: Message, shown: str) -> bool:
    """Whether the portal would take it later: a step of a dossier that is not there yet, or a state that others must come before."""
    state = state_told(message)
    if not shown:
        return message.kind == "dossier.progressed"
    return state in reachable(shown) and check_transition(shown, state) != ""
