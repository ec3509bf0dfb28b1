"""Types, sources and standings as numbers, so that the rows that are gone through stay narrow."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from lgsp.store.standing import Standing
from lgsp.store.tables import FACTS, NAMES

__all__ = ["Names", "Writer", "read_names"]

_UNUSED = 1000
_ALL = select(NAMES.c.code, NAMES.c.kind, NAMES.c.name)


class Names(NamedTuple):
    """What each code says."""

    types: dict[int, str]
    sources: dict[int, str]
    standings: dict[int, Standing]

    def standing_codes(self, fits: Callable[[Standing], bool]) -> list[int]:
        """The codes of the standings that fit."""
        return [code for code, standing in self.standings.items() if fits(standing)]


def read_names(connection: Connection) -> Names:
    """All of them."""
    names = Names({}, {}, {})
    for code, kind, name in connection.execute(_ALL):
        match kind:
            case "type":
                names.types[code] = name
            case "source":
                names.sources[code] = name
            case _:
                names.standings[code] = Standing.read(name)
    return names


class Writer:
    """Codes within one writing transaction; new names get theirs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._codes: dict[tuple[str, str], int] = {}
        self._texts: dict[Standing, int] = {}
        self._new: list[dict[str, int | str]] = []
        for code, kind, name in connection.execute(_ALL):
            self._codes[kind, name] = code
        self._next = max(self._codes.values(), default=0) + 1

    def code(self, kind: str, name: str) -> int:
        """Of a type or a source."""
        found = self._codes.get((kind, name))
        if found is None:
            found = self._codes[kind, name] = self._next
            self._next += 1
            self._new.append({"code": found, "kind": kind, "name": name})
        return found

    def standing(self, standing: Standing) -> int:
        """Of a standing."""
        found = self._texts.get(standing)
        if found is None:
            found = self._texts[standing] = self.code("standing", standing.to_text())
        return found

    def save(self) -> None:
        """Write the new ones down, when the rows that use them are there; forget standings that no message has any more."""
        if not self._new:
            return
        self._connection.execute(insert(NAMES), self._new)
        newest = [int(one["code"]) for one in self._new if one["kind"] == "standing"]
        standings = sum(kind == "standing" for kind, _ in self._codes)
        if newest and standings // _UNUSED > (standings - len(newest)) // _UNUSED:
            used = select(FACTS.c.standing).distinct()
            highest = max(self._codes.values())  # kept, so that no code is given twice
            self._connection.execute(
                delete(NAMES).where(
                    NAMES.c.kind == "standing", NAMES.c.code.not_in(used), NAMES.c.code != highest
                )
            )
