"""Snapshots: what was said, with everything that differs from run to run named instead of quoted."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import JsonValue

from lgsp.testing.seen import Seen

__all__ = ["Conversation"]

_CLIENTS_OWN = frozenset({
    "host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "date", "server", "transfer-encoding",
    "traceparent", "tracestate",
})  # fmt: skip
_UNSTABLE = (
    ("jwt", r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    ("id", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    ("time", r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("time", r"\b\d{2}/\d{2}/\d{4} \d\d:\d\d(?::\d\d)?"),
    ("time", r"(?<!\d)20\d{12}(?!\d)"),
    ("time", r"(?<!\d)1[6-9]\d{11}(?!\d)"),
    ("date", r"(?<!\d)20\d\d[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01])(?!\d)"),
    ("date", r"(?<!\d)(?:0[1-9]|[12]\d|3[01])[-/](?:0[1-9]|1[0-2])[-/]20\d\d(?!\d)"),
    ("date", r"(?<=-)2\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=-\d)"),
    ("hash", r"\b(?:[0-9a-f]{32,128}|[0-9A-F]{32,128})\b"),
    ("content", r"(?<![\w+/])[A-Za-z0-9+/]{43,}={0,2}(?![\w+/=])"),
    ("port", r"(?<=://127\.0\.0\.1:)\d+"),
)  # fmt: skip
_PATTERN = re.compile("|".join(f"(?P<{name}_{index}>{form})" for index, (name, form) in enumerate(_UNSTABLE)))
_NUMBERED = frozenset({"id", "hash", "jwt", "content"})
Row = dict[str, JsonValue]


class Conversation:
    """What a connector said to the stand-ins and what they answered, as `(stand-in, request)`, in the order of each one's journal.

    Times, dates and ports are named; ids, digests and tokens are numbered, the same one by the same number. A request that
    was made before with the same answer (polling) is left out, as are the paths (globs) in `without`.
    """

    def __init__(self, seen: Sequence[tuple[str, Seen]], *, without: Sequence[str] = ()) -> None:
        self._names: dict[tuple[str, str], str] = {}
        kept = [(name, one) for name, one in seen if not any(fnmatchcase(one.path, glob) for glob in without)]
        self.rows = _once([self._row(name, one) for name, one in kept])

    def text(self) -> str:
        """JSON, one exchange after the other; what `matches` compares."""
        return json.dumps(self.rows, ensure_ascii=False, indent=2) + "\n"

    def matches(self, file: Path, *, update: bool = False) -> None:
        """It is what the file says; with `update` the file is written instead.

        Raises:
            AssertionError: it isn't, or there is no file; with what to do.
        """
        __tracebackhide__ = True
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.text(), encoding="utf-8")
            return
        if not file.exists():
            raise AssertionError(
                f"no snapshot {file}; write it with: pytest --lgsp-update-snapshots\n{self.text()}"
            )
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored != self.rows:
            raise AssertionError(
                f"the conversation is not that of {file}; if it is right, accept it with: pytest --lgsp-update-snapshots\n"
                + _difference(stored, self.rows)
            )

    def _row(self, stand_in: str, one: Seen) -> Row:
        headers: Row = {
            name: self._stable(value)
            for name, value in sorted(one.headers.items())
            if name not in _CLIENTS_OWN
        }
        request: Row = {
            "to": stand_in, "request": self._stable(f"{one.method} {one.path}{f'?{one.query}' if one.query else ''}"),
            "headers": headers, "body": self._body(one.body), "status": one.status, "answer": self._body(one.answer),
        }  # fmt: skip
        return {name: value for name, value in request.items() if value not in ("", {})}

    def _body(self, text: str) -> JsonValue:
        stable = self._stable(text)
        try:
            value: JsonValue = json.loads(stable)
        except ValueError:
            return [*stable.splitlines()] if "\n" in stable else stable
        return value

    def _stable(self, text: str) -> str:
        return _PATTERN.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup).partition("_")[0]
        if kind not in _NUMBERED:
            return _word(kind, found)
        number = sum(one == kind for one, _ in self._names) + 1
        return self._names.setdefault((kind, found[0]), f"<{kind} {number}>")


def _word(kind: str, found: re.Match[str]) -> str:
    """A bare number in JSON stays a number there."""
    before, after = found.string[: found.start()].rstrip()[-1:], found.string[found.end() :].lstrip()[:1]
    bare = found[0].isdigit() and kind == "time" and before in {":", "["} and after in {",", "}", "]"}
    return "0" if bare else f"<{kind}>"


def _once(rows: Sequence[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        if row not in kept:
            kept.append(row)
    return kept


def _difference(stored: object, came: Sequence[Mapping[str, JsonValue]]) -> str:
    before, after = (json.dumps(one, ensure_ascii=False, indent=2).splitlines() for one in (stored, came))
    return "\n".join(unified_diff(before, after, "stored", "came", lineterm=""))
