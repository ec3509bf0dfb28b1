"""A packet on its way into shape, and what is noted on that way."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from lgsp.errors import Fault
from lgsp.standards.edxml.model import EdxmlExtension
from lgsp.standards.edxml.schema import Kind
from lgsp.standards.edxml.skeleton import Cut
from lgsp.standards.xml import Element, place_of

__all__ = ["MAX_FAULTS", "Shaped"]

MAX_FAULTS = 200
"""Of mistakes, and again of warnings."""

_LONGEST_MESSAGE = 400
_HELD = 1000


@dataclass
class Shaped:
    """The packet's tree, put right, what was wrong with it, and what was taken out of it."""

    root: Element
    cuts: Mapping[str, Cut] = field(default_factory=dict)
    kind: Kind = "document"
    faults: list[Fault] = field(default_factory=list)
    extensions: list[EdxmlExtension] = field(default_factory=list)
    signature: str = ""
    is_broken: bool = False
    """Whether there is a fault that is not a mere warning."""
    is_older: bool = False
    """Whether it is of an older generation, by its namespace."""

    _held: list[Element] = field(init=False)
    _codes: set[str] = field(default_factory=set)
    _noted: set[tuple[str, str]] = field(default_factory=set)
    _number: Counter[bool] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        # lxml finds again what is held, and else makes a new object whenever an element is looked at.
        self._held = list(islice(self.root.iter(), _HELD))

    def fault(self, element: Element, code: str, message: str, message_vi: str, *, below: str = "") -> None:
        """Note a mistake in an element, or in a child of that name that is not there."""
        self.is_broken = True
        self._note(element, Fault(f"edxml.{code}", below, message, message_vi))

    def warn(self, element: Element, code: str, message: str, message_vi: str) -> None:
        """Note a habit that does no harm."""
        self._note(element, Fault(f"edxml.{code}", "", message, message_vi, warning=True))

    def has(self, code: str) -> bool:
        """Whether such a fault was noted anywhere."""
        return f"edxml.{code}" in self._codes

    def _note(self, element: Element, fault: Fault) -> None:
        self._codes.add(fault.code)
        # Each kind has its own bound: no number of harmless habits may hide a mistake.
        if self._number[fault.warning] >= MAX_FAULTS:
            return
        place = place_of(element) + (f"/{fault.place}" if fault.place else "")
        if (fault.code, place) in self._noted:
            return
        self._noted.add((fault.code, place))
        self._number[fault.warning] += 1
        line = element.sourceline or 0
        said, said_vi = _clipped(fault.message), _clipped(fault.message_vi)
        self.faults.append(Fault(fault.code, place, said, said_vi, line, fault.warning))


def _clipped(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
