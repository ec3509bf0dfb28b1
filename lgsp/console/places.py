"""Where in a JSON text a JSON Pointer points: by line, so that a fault can be shown where it is."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from json import JSONDecoder

__all__ = ["line_of", "lines_of"]

_DEEPEST = 100
_STRINGS = JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r"[^\s,\]}]+")


def lines_of(text: str) -> dict[str, int]:
    """Each JSON Pointer's line, from 1; of a text that is cut or broken, those before that."""
    walk = _Walk(text)
    with suppress(ValueError, IndexError):  # the end of what can be read
        walk.value(walk.behind_space(0), "", 0)
    return walk.found


def line_of(place: str, lines: Mapping[str, int]) -> int:
    """The line of a place; of something that is missing, the line of what should have it. 0: it is not there at all."""
    while place and place not in lines:
        place = place.rpartition("/")[0]
    return lines.get(place, 0) if place else 0


class _Walk:
    def __init__(self, text: str) -> None:
        self.found: dict[str, int] = {}
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def behind_space(self, at: int) -> int:
        """Where something stands again."""
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def value(self, at: int, pointer: str, depth: int) -> int:
        """Note a value and what is in it; where it ends."""
        if depth > _DEEPEST:
            raise ValueError("too deep to be looked into")
        first = self._text[at]
        self.found.setdefault(pointer, bisect_right(self._breaks, at) + 1)
        match first:
            case "{":
                return self._members(at, pointer, depth, "}")
            case "[":
                return self._members(at, pointer, depth, "]")
            case '"':
                return self._string(at)[1]
            case _:
                plain = _PLAIN.match(self._text, at)
                if plain is None:
                    raise ValueError("no value")
                return plain.end()

    def _members(self, at: int, pointer: str, depth: int, end: str) -> int:
        at = self.behind_space(at + 1)
        if self._text[at] == end:
            return at + 1
        for number in count():
            name = str(number)
            if end == "}":
                name, at = self._name(at, pointer)
            escaped = name.replace("~", "~0").replace("/", "~1")
            at = self.behind_space(self.value(at, f"{pointer}/{escaped}", depth + 1))
            if self._text[at] == end:
                break
            if self._text[at] != ",":
                raise ValueError("neither an end nor more")
            at = self.behind_space(at + 1)
        return at + 1

    def _string(self, at: int) -> tuple[str, int]:
        found, end = _STRINGS.raw_decode(self._text, at)
        return str(found), end

    def _name(self, at: int, pointer: str) -> tuple[str, int]:
        """A member's name, and where its value begins; the name's line is the member's."""
        if self._text[at] != '"':
            raise ValueError("no name")
        name, behind = self._string(at)
        escaped = name.replace("~", "~0").replace("/", "~1")
        self.found.setdefault(f"{pointer}/{escaped}", bisect_right(self._breaks, at) + 1)
        colon = self.behind_space(behind)
        if self._text[colon] != ":":
            raise ValueError("no colon")
        return name, self.behind_space(colon + 1)
