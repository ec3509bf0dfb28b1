"""How a stand-in differs from the real system, in the reader's language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import JsonValue

__all__ = ["KnownDifference", "differences"]


@dataclass(frozen=True, slots=True)
class KnownDifference:
    """One line of the table."""

    topic: str
    real: str
    here: str
    source: str
    confidence: str


def differences(system: str, told: JsonValue, lang: str) -> list[KnownDifference]:
    """What the stand-in tells, in English; in Vietnamese where our catalogue has that topic."""
    rows = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return [_one(system, {name: str(value) for name, value in row.items()}, lang) for row in rows]


def _one(system: str, row: Mapping[str, str], lang: str) -> KnownDifference:
    said = (row.get("topic", ""), row.get("real", ""), row.get("ours", ""))
    source, confidence = row.get("source", ""), row.get("confidence", "")
    if lang == "vi":
        catalogue = _vietnamese()
        said = tuple(catalogue.get(system, {}).get(said[0], said))
        source = catalogue["source"].get(source, source)
        confidence = catalogue["confidence"].get(confidence, confidence)
    return KnownDifference(*said, source, confidence)


@cache
def _vietnamese() -> dict[str, Any]:
    text = files("lgsp.console.texts").joinpath("differences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
