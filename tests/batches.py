"""Broken subjects, some at a time."""

from collections.abc import Iterable
from typing import Any

import pytest

__all__ = ["batched"]

AT_ONCE = 4


def batched(makes: Iterable[type[Any]]) -> list[Any]:
    """For `parametrize`: most of their time is waiting."""
    every = list(makes)
    parts = [tuple(every[start : start + AT_ONCE]) for start in range(0, len(every), AT_ONCE)]
    return [pytest.param(part, id="+".join(make.__name__ for make in part)) for part in parts]
