"""Two catalogues of procedures compared: what one has added, changed and repealed since the other was told (CSDL quốc gia TTHC)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Difference", "DifferenceKind", "FieldDifference", "compare", "compare_procedure", "digest"]

Row = Mapping[str, object]
STATE, IN_FORCE, REPEALED = "state", "in_force", "repealed"


class DifferenceKind(StrEnum):
    """What the first catalogue did that the second does not know."""

    ADDED = "added"
    CHANGED = "changed"
    REPEALED = "repealed"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field: what the first says, what the second holds."""

    name: str
    published: object
    held: object


@dataclass(frozen=True, slots=True)
class Difference:
    """One procedure that differs. `str` is a line for a person."""

    code: str
    kind: DifferenceKind
    fields: tuple[FieldDifference, ...] = ()

    def __str__(self) -> str:
        """`1.000001.H34 changed: fee 50000 (held 20000)`."""
        told = ", ".join(
            f"{one.name} {_short(one.published)} (held {_short(one.held)})" for one in self.fields
        )
        return f"{self.code} {self.kind}" + (f": {told}" if told else "")


def compare(published: Mapping[str, Row], held: Mapping[str, Row]) -> list[Difference]:
    """By code, in the order of the first catalogue; what only the second holds in force is repealed. Equal catalogues differ in nothing.

    Rows are canonical procedures (`state`: in_force or repealed); a repealed one that the other never held is no difference.
    """
    codes = dict.fromkeys([*published, *held])
    found = (compare_procedure(code, published.get(code), held.get(code)) for code in codes)
    return [difference for difference in found if difference is not None]


def compare_procedure(code: str, published: Row | None, held: Row | None) -> Difference | None:
    """One procedure of both catalogues; None where they agree."""
    offered, kept = _in_force(published), _in_force(held)
    if not offered:
        return Difference(code, DifferenceKind.REPEALED) if kept else None
    if published is None or held is None or not kept:
        return Difference(code, DifferenceKind.ADDED)
    names = dict.fromkeys([*published, *held])
    fields = tuple(_differing(names, published, held))
    return Difference(code, DifferenceKind.CHANGED, fields) if fields else None


def digest(row: Row) -> str:
    """The same for the same content, whatever the order of its fields: 64 hexadecimal digits."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _in_force(row: Row | None) -> bool:
    return row is not None and row.get(STATE, IN_FORCE) != REPEALED


def _differing(names: Iterable[str], published: Row, held: Row) -> Iterable[FieldDifference]:
    for name in names:
        one, other = published.get(name), held.get(name)
        if one != other:
            yield FieldDifference(name, one, other)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
