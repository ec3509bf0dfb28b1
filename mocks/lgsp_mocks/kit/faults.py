"""Faults that are switched on for a test or a demo, each with an end so that none stays on by mistake."""

import random
import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from lgsp.clock import Clock
from lgsp.errors import WrongValueError
from lgsp_mocks.kit.fault_kinds import RECEIPTS, Fault, FaultView
from lgsp_mocks.kit.journal import Journal

__all__ = ["Fault", "Faults", "Place"]

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault may strike. `agencies` are known to be concerned; in `text` their ids are looked for."""

    path: str
    operation: str
    agencies: frozenset[str] = frozenset()
    text: str = field(default="", repr=False)


@dataclass(slots=True)
class _Active:
    fault: Fault
    ends: datetime
    deadline: float
    forms: frozenset[str]
    seen: int = 0
    hits: int = 0

    def is_over(self, now: datetime) -> bool:
        used_up = self.fault.count is not None and self.hits >= self.fault.count
        # A clock that stands, or was set back, must not keep a fault on for ever.
        return used_up or self.ends <= now or self.deadline <= time.monotonic()

    def fits(self, place: Place) -> bool:
        fault = self.fault
        if fault.kind in RECEIPTS and fault.operation == "*" and place.operation == "edoc":
            return False
        if not fnmatchcase(place.path, fault.path) or not fnmatchcase(place.operation, fault.operation):
            return False
        return not self.forms or bool(self.forms & place.agencies) or _names(place.text, self.forms)

    def strikes(self) -> bool:
        """One more in scope: the nth draw is the same in every run, whatever else is drawn."""
        self.seen += 1
        if self.seen <= self.fault.after:
            return False
        chance = random.Random(f"{self.fault.seed}:{self.seen}")  # noqa: S311 - a fault, no secret
        if chance.random() >= self.fault.share:
            return False
        self.hits += 1
        return True

    def drawn(self) -> Fault:
        """The fault, its delay drawn from the jitter."""
        fault = self.fault
        if not fault.jitter_s:
            return fault
        chance = random.Random(f"{fault.seed}:jitter:{self.hits}")  # noqa: S311 - a fault, no secret
        delay_s = max(0.0, fault.delay_s + chance.uniform(-fault.jitter_s, fault.jitter_s))
        return fault.model_copy(update={"delay_s": delay_s})

    def view(self) -> FaultView:
        return FaultView(
            **self.fault.model_dump(), seen=self.seen, hits=self.hits, expires_at=self.ends.isoformat()
        )


class Faults:
    """The faults of one stand-in. Whatever strikes is written into its journal."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        forms_of: Callable[[str], Iterable[str]] = lambda agency: (agency,),
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._forms_of = forms_of
        self._active: list[_Active] = []
        self._numbered = 0

    def add(self, fault: Fault) -> FaultView:
        """Switch on; one of the same id is replaced.

        Raises:
            ValueError: a hundred are on.
        """
        if len(self._now()) >= MOST_FAULTS:
            raise WrongValueError(
                f"{MOST_FAULTS} faults are on; clear some first",
                f"Đã có {MOST_FAULTS} lỗi đang bật; hãy tắt bớt.",
            )
        self._numbered += 1
        named = fault.model_copy(update={"id": fault.id or f"fault-{self._numbered}"})
        self.remove(named.id)
        ends = self._clock.now() + timedelta(seconds=fault.expires_s)
        forms = frozenset({fault.agency, *self._forms_of(fault.agency)}) if fault.agency else frozenset()
        self._active.append(_Active(named, ends, time.monotonic() + fault.expires_s, forms))
        return self._active[-1].view()

    def remove(self, fault_id: str) -> bool:
        """Switch one off; whether it was on."""
        before = self._now()
        self._active = [one for one in before if one.fault.id != fault_id]
        return len(self._active) < len(before)

    def clear(self) -> None:
        """Switch all off."""
        self._active.clear()

    def active(self) -> list[FaultView]:
        """Those that are on."""
        return [one.view() for one in self._now()]

    @property
    def are_on(self) -> bool:
        """Whether any is."""
        return bool(self._now())

    def could_meet(self, kinds: Collection[str], place: Place) -> bool:
        """Whether one of these kinds has this place in its scope; nothing is drawn."""
        return any(one.fault.kind in kinds and one.fits(place) for one in self._now())

    @property
    def need_text(self) -> bool:
        """Whether the body must be looked into to know the scope."""
        return any(one.forms or one.fault.operation != "*" for one in self._now())

    def meet(self, kinds: Collection[str], place: Place) -> Fault | None:
        """The first fault of these kinds that strikes here, if any; it is counted and written down."""
        for one in self._now():
            if one.fault.kind in kinds and one.fits(place) and one.strikes():
                self._journal.note_fault(one.fault.id, one.fault.kind, place.path)
                return one.drawn()
        return None

    def _now(self) -> list[_Active]:
        if self._active:
            now = self._clock.now()
            self._active = [one for one in self._active if not one.is_over(now)]
        return self._active


def _names(text: str, forms: Iterable[str]) -> bool:
    """Whether one of the ids stands there by itself, and not as the beginning of a longer one."""
    return any(re.search(rf"(?<![\w.]){re.escape(form)}(?![\w]|\.\w)", text) for form in forms)
