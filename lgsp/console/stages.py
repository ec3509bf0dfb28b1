"""A message's content at each stage, laid out for reading, and what differs between two of them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from pydantic_core import from_json

from lgsp.gateway.bundle import Bundle
from lgsp.wirelog import StoredExchange

__all__ = ["DiffLine", "Stage", "diff", "laid_out", "stages"]

MOST_LINES = 4000
_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """`key` names it in the URL; `exchange` None: the canonical form; `lines` are cut at some thousands."""

    key: str
    name: str
    system: str
    exchange: StoredExchange | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`kind`: same, out, in, or skip (lines in between that are the same)."""

    kind: str
    left: int
    right: int
    text: str


def stages(found: Bundle) -> list[Stage]:
    """Received wire, answers to it, canonical, sent wire, answers."""
    exchanges = found.exchanges or ()
    received = [one for one in exchanges if one.stage == "received"]
    sent = [one for one in exchanges if one.stage != "received"]
    canonical = Stage(
        "canonical", "canonical", "", None, laid_out(json.dumps(found.body, ensure_ascii=False))
    )
    return [*_wire(received, "received"), canonical, *_wire(sent, "sent")]


def _wire(exchanges: Sequence[StoredExchange], name: str) -> Iterator[Stage]:
    for number, one in enumerate(exchanges, 1):
        # What brought a message in by polling stands in the answer, and what took it out in the request.
        if one.body:
            yield Stage(f"{name}{number}", name, one.system, one, laid_out(one.body))
        if one.answer:
            yield Stage(f"{name}{number}a", f"{name}_answer", one.system, one, laid_out(one.answer))


def diff(left: Sequence[str], right: Sequence[str]) -> list[DiffLine]:
    """Line by line, with some lines around each difference."""
    found: list[DiffLine] = []
    matcher = SequenceMatcher(None, left[:MOST_LINES], right[:MOST_LINES], autojunk=len(left) > 500)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        if found:
            found.append(DiffLine("skip", 0, 0, ""))
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                found += [
                    DiffLine("same", a1 + n + 1, b1 + n + 1, text) for n, text in enumerate(left[a1:a2])
                ]
                continue
            found += [DiffLine("out", a1 + n + 1, 0, text) for n, text in enumerate(left[a1:a2])]
            found += [DiffLine("in", 0, b1 + n + 1, text) for n, text in enumerate(right[b1:b2])]
    return found


def laid_out(text: str) -> tuple[str, ...]:
    """Laid out by its form: JSON and XML get one thing a line; anything else stays as it is."""
    stripped = text.lstrip("\ufeff \r\n\t")
    if stripped[:1] in {"{", "["}:
        with suppress(ValueError):
            text = json.dumps(from_json(stripped), ensure_ascii=False, indent=2)
    elif stripped.startswith("<"):
        text = "\n".join(_indented(stripped))
    return tuple(islice(text.splitlines(), MOST_LINES))


def _indented(xml: str) -> Iterator[str]:
    """By its tags alone, so that what is no proper XML can be looked at too."""
    depth = 0
    for line in re.sub(r">\s*<", ">\n<", xml).splitlines():
        closing = line.startswith("</")
        depth = max(0, depth - closing)
        yield "  " * min(depth, 40) + line
        if line.startswith("<") and not closing and not line.startswith(("<?", "<!")):
            depth += not line.endswith("/>") and "</" not in line
