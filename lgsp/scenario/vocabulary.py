"""The steps that scenarios are written in: one sentence in Vietnamese, one in English, and what it does."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from cucumber_expressions.expression import CucumberExpression
from cucumber_expressions.parameter_type import ParameterType
from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry

from lgsp.scenario.situation import Situation
from lgsp.scenario.world import Said

__all__ = ["PARAMETERS", "Match", "Step", "Vocabulary"]

Act = Callable[..., Awaitable[Said | str | None]]
_AGENCY = r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3})*"
_CODE = r"\d{1,2}"
_UNITS = {
    "s": r"s|seconds?|giây", "m": r"m|minutes?|phút", "h": r"h|hours?|giờ", "wd": r"wd|working days?|ngày làm việc",
    "d": r"d|days?|ngày",
}  # fmt: skip
_ANY_UNIT = "|".join(form for forms in _UNITS.values() for form in forms.split("|"))
_SYSTEMS = {
    "ioffice": r"iOffice", "igate": r"iGate", "axis": r"the axis|trục liên thông|trục", "portal": r"the portal|cổng DVCQG|cổng",
}  # fmt: skip
_SPLIT = re.compile(r", | and | và ")


def _list_of(one: str) -> str:
    return rf"(?:{one})(?:, (?:{one}))*(?:(?: and| và) (?:{one}))?"


def _system(text: str) -> str:
    return next(name for name, forms in _SYSTEMS.items() if re.fullmatch(forms, text))


def _duration(text: str) -> str:
    number, unit = re.fullmatch(r"(\d+) ?(.+)", text).groups()  # type: ignore[union-attr]  # it is what the pattern lets in
    return number + next(short for short, forms in _UNITS.items() if re.fullmatch(forms, unit))


def _many(text: str) -> list[str]:
    return _SPLIT.split(text)


PARAMETERS = {
    "system": "iOffice, iGate, the axis (trục liên thông, trục), the portal (cổng DVCQG, cổng)",
    "agency": "mã định danh: 000.00.00.H34, H34.2",
    "agencies": "one agency, or several: 000.00.02.H34, 000.00.03.H34",
    "codes": "one code, or several: 01, 03, 04",
    "duration": "90s, 5m, 2h, 3d, 15wd; 15 working days, 15 ngày làm việc",
    "moment": "2026-12-01 or 2026-12-01T08:00, in Vietnam",
    "string": 'text in quotes: "V/v …"',
    "int": "a number",
    "word": "a word without spaces",
}
_TYPES = (
    ("system", "|".join(_SYSTEMS.values()), _system),
    ("agency", _AGENCY, str),
    ("agencies", _list_of(_AGENCY), _many),
    ("codes", _list_of(_CODE), _many),
    ("duration", rf"\d+ ?(?:{_ANY_UNIT})", _duration),
    ("moment", r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?", str),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence in both languages, as cucumber expressions; `act` gets the situation and the values, and says what it saw.

    `below`: what a table or a text below the step may say.
    """

    en: str
    vi: str
    act: Act
    below: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A step, and the values of this line."""

    step: Step
    values: tuple[object, ...]

    async def run(self, situation: Situation) -> Said | str | None:
        """Do it; what was seen.

        Raises:
            NotSoError: what the line says is not so.
        """
        return await self.step.act(situation, *self.values)


class Vocabulary:
    """Finds the step that a line means; both languages may be mixed in one file."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps = tuple(steps)
        registry = ParameterTypeRegistry()
        for name, pattern, read in _TYPES:
            kind: Any = str  # what the transformer makes of it is a str or a list of them
            registry.define_parameter_type(ParameterType(name, pattern, kind, read, False, False))
        self._expressions = [
            (CucumberExpression(text, registry), step) for step in self.steps for text in (step.vi, step.en)
        ]

    def find(self, text: str) -> Match | None:
        """The step of this line; None: there is none."""
        for expression, step in self._expressions:
            found = expression.match(text)
            if found is not None:
                return Match(step, tuple(argument.value for argument in found))
        return None

    def nearest(self, text: str) -> str:
        """The sentence that is most like a line that means nothing."""
        sentences = [sentence for step in self.steps for sentence in (step.vi, step.en)]
        return max(sentences, key=lambda one: SequenceMatcher(None, _bare(one), _bare(text)).ratio())


def _bare(sentence: str) -> str:
    """Without what differs from line to line."""
    return re.sub(r'"[^"]*"|\{\w+\}|[\d.]{3,}[A-Z]?\d*', "*", sentence).casefold()
