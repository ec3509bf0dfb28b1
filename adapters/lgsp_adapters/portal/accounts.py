"""Does the portal hold what was delivered? Judged by the one thing that TraCuuHoSo shows: the dossier's state."""

from collections import defaultdict
from collections.abc import Sequence

from lgsp.adapter import Delivered
from lgsp.standards.dossier_life import STATES, followers

__all__ = ["by_dossier", "lacking", "state_told"]

_REQUESTS = {"dossier.supplement_requested": "5", "dossier.fee_requested": "6"}


def state_told(delivered: Delivered) -> str:
    """TrangThaiHoSo that the portal has shown since then; empty for what has nothing to do with a dossier's state."""
    message = delivered.message
    if message.kind in _REQUESTS:
        return _REQUESTS[message.kind]
    state = str(message.data.get("state", ""))
    return state if message.kind.startswith("dossier.") and state in STATES else ""


def by_dossier(delivered: Sequence[Delivered]) -> dict[str, list[Delivered]]:
    """What told a state, by dossier, in order of delivery."""
    found: defaultdict[str, list[Delivered]] = defaultdict(list)
    for each in delivered:
        if state_told(each):
            found[each.message.subject].append(each)
    return dict(found)


def lacking(told: Sequence[Delivered], shown: str) -> Sequence[Delivered]:
    """What came after the state that the portal shows; all of it where it has no such dossier, or an earlier state than any of these."""
    last = state_told(told[-1])
    if last == shown:
        return ()
    places = [place for place, each in enumerate(told) if state_told(each) == shown]
    if places:
        return told[places[-1] + 1 :]
    return () if shown and shown in _reachable(last) else told


def _reachable(state: str) -> set[str]:
    """Every state that may come after this one: the portal may know more than what is looked at here."""
    found: set[str] = set()
    waiting = [state]
    while waiting:
        new = set(followers(waiting.pop())) - found
        found |= new
        waiting += new
    return found
