"""What an assertion is, in the manner of the eDelivery AS4 test assertions: id, source, prerequisite, predicate, level."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from lgsp.conformance.line import Exchange

__all__ = ["Assertion", "BrokenError", "Level", "Outcome", "SkipError", "Suite", "Verdict", "demand"]

S = TypeVar("S")


class BrokenError(Exception):
    """The subject does not do what the assertion says; the text is the finding."""


class SkipError(Exception):
    """The prerequisite is not there."""


class Level(StrEnum):
    """How much it weighs: only a broken `must` fails a subject."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Outcome(StrEnum):
    """How it ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Assertion(Generic[S]):
    """`source`: decree, QCVN clause, "recorded" or "assumed". `needs`: the prerequisite, empty for a reachable subject."""

    id: str
    level: Level
    rule: str
    rule_vi: str
    source: str
    needs: str
    check: Callable[[S], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One assertion's end, with the messages that show it."""

    id: str
    level: Level
    rule: str
    rule_vi: str
    source: str
    outcome: Outcome
    finding: str = ""
    seconds: float = 0.0
    evidence: Sequence[Exchange] = ()

    @property
    def fails_subject(self) -> bool:
        """Whether the subject does not conform because of it."""
        return self.outcome is Outcome.FAILED and self.level is Level.MUST


@dataclass(frozen=True, slots=True)
class Suite(Generic[S]):
    """The assertions of one role. `subject` makes what their predicates are given, of line and options (and hooks, for a
    connector); `options`: name -> default.
    """

    role: str
    title: str
    title_vi: str
    options: Mapping[str, str]
    subject: Callable[..., S]
    assertions: list[Assertion[S]] = field(default_factory=list)

    def asserts(
        self, number: str, rule: str, rule_vi: str, *, source: str, level: Level = Level.MUST, needs: str = ""
    ) -> Callable[[Callable[[S], Awaitable[None]]], Callable[[S], Awaitable[None]]]:
        """Decorator: the function is the predicate; it raises BrokenError where the subject breaks the rule."""

        def add(check: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
            self.assertions.append(Assertion(number, level, rule, rule_vi, source, needs, check))
            return check

        return add

    def selected(self, globs: Sequence[str]) -> list[Assertion[S]]:
        """Those whose id fits one of the globs; all without one."""
        return [
            one for one in self.assertions if not globs or any(fnmatchcase(one.id, each) for each in globs)
        ]


def demand(holds: object, finding: str) -> None:
    """Raises BrokenError with the finding unless it holds."""
    if not holds:
        raise BrokenError(finding)
