"""Broken subjects: some at a time, and what each is asked."""

from collections.abc import Iterable
from typing import Any

import pytest

from lgsp.conformance.clients import connector, lasting

__all__ = ["batched", "beside", "look_seldom"]

AT_ONCE = 8


def batched(makes: Iterable[type[Any]]) -> list[Any]:
    """For `parametrize`: most of their time is waiting."""
    every = list(makes)
    parts = [tuple(every[start : start + AT_ONCE]) for start in range(0, len(every), AT_ONCE)]
    return [pytest.param(part, id="+".join(make.__name__ for make in part)) for part in parts]


def beside(numbers: Iterable[str]) -> list[str]:
    """Globs of these assertions and of those in the same tens, which are about the same matter; what a subject breaks there shows
    nowhere else, or the others of its numbers say where.
    """
    return [f"*-{tens}?" for tens in sorted({number[0] for number in numbers})]


def look_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a broken connector never does is waited for, and each look costs a round of it."""
    for module in (connector, lasting):
        monkeypatch.setattr(module, "EVERY_S", 0.25)
