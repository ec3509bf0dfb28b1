"""What a test expects of its connector, and what it wants answered: stubs before, or behind, a stand-in's own behaviour."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from lgsp.clock import Clock
from lgsp_mocks.kit.matching import Incoming, RequestMatch, differences

__all__ = ["Answer", "Chosen", "Expectation", "ExpectationView", "Expectations"]

MOST_EXPECTATIONS = 500
MOST_MISSES = 5
_HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
_VALUE = r"^[\x20-\x7e]{0,4000}$"


class Answer(BaseModel):
    """One answer: `json_body`, `text` or `base64`; held back `delay_s` on the stand-in's clock."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: Annotated[
        dict[Annotated[str, Field(pattern=_HEADER)], Annotated[str, Field(pattern=_VALUE)]], Field(max_length=50)
    ] = {}  # fmt: skip
    json_body: JsonValue = None
    text: Annotated[str, Field(max_length=1024 * 1024)] | None = None
    base64: Annotated[str, Field(max_length=2 * 1024 * 1024)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 0

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        given = [name for name in ("json_body", "text", "base64") if name in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"one body, not {' and '.join(given)}")
        try:
            self.content()
        except (binascii.Error, ValueError) as exc:
            raise ValueError(f"the body can't be sent: {exc}") from exc
        if {name.lower() for name in self.headers} & {"content-length", "transfer-encoding", "connection"}:
            raise ValueError("content-length, transfer-encoding and connection are the server's")
        return self

    def content(self) -> tuple[bytes, str]:
        """The body and its media type."""
        if self.base64 is not None:
            return base64.b64decode(self.base64, validate=True), "application/octet-stream"
        if self.text is not None:
            return self.text.encode(), "text/plain; charset=utf-8"
        if "json_body" in self.model_fields_set:
            return json.dumps(
                self.json_body, ensure_ascii=False, allow_nan=False
            ).encode(), "application/json"
        return b"", ""


class Expectation(BaseModel):
    """A request that is expected. `answers` are given in turn, the last one again and again; without any, the stand-in answers
    itself and the request is only counted. `priority` 0 and more: before the stand-in, the highest first; below: only where
    the stand-in has no such path. It is used up after `times`.
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = ""
    request: RequestMatch = RequestMatch()
    answers: Annotated[list[Answer], Field(max_length=100)] = []
    times: Annotated[int, Field(ge=1)] | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0


class ExpectationView(Expectation):
    """An expectation, and how often it was met."""

    count: int


@dataclass(slots=True)
class _Kept:
    expectation: Expectation
    order: int
    count: int = 0
    misses: list[list[str]] = field(default_factory=list)

    @property
    def is_used_up(self) -> bool:
        times = self.expectation.times
        return times is not None and self.count >= times


@dataclass(frozen=True, slots=True)
class Chosen:
    """What answers a request: an expectation and its answer (None: the stand-in itself), or nothing, and why."""

    id: str = ""
    answer: Answer | None = None
    why_not: tuple[Mapping[str, JsonValue], ...] = ()


class Expectations:
    """The expectations of one stand-in."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._kept: dict[str, _Kept] = {}
        self._numbered = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, expectation: Expectation) -> ExpectationView:
        """Keep; one of the same id is replaced, and counted anew.

        Raises:
            ValueError: five hundred are kept.
        """
        if len(self._kept) >= MOST_EXPECTATIONS:
            raise ValueError(f"{MOST_EXPECTATIONS} expectations are kept; delete some first")
        self._numbered += 1
        name = expectation.id or f"expectation-{self._numbered}"
        self._kept[name] = _Kept(expectation.model_copy(update={"id": name}), self._numbered)
        return _view(self._kept[name])

    def get(self, name: str) -> ExpectationView | None:
        """One, or None."""
        kept = self._kept.get(name)
        return _view(kept) if kept else None

    def remove(self, name: str) -> bool:
        """Forget one; whether it was kept."""
        return self._kept.pop(name, None) is not None

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def all(self) -> list[ExpectationView]:
        """All of them, in the order in which they are tried."""
        return [_view(kept) for kept in self._ordered()]

    def misses(self, name: str) -> list[list[str]]:
        """How the last requests that came close differed."""
        kept = self._kept.get(name)
        return kept.misses if kept else []

    @property
    def wants_body(self) -> bool:
        """Whether one of them looks into bodies."""
        return any(kept.expectation.request.wants_body for kept in self._kept.values())

    def choose(self, request: Incoming, *, is_known: bool) -> Chosen:
        """What answers this request. `is_known`: the stand-in has such a path."""
        near: tuple[int, _Kept, list[str]] | None = None
        for kept in self._ordered():
            found = differences(kept.expectation.request, request)
            if not found and kept.is_used_up:
                found = [f"times: it was met {kept.count} times, which is all of them"]
            if not found and (kept.expectation.priority >= 0 or not is_known):
                return _met(kept)
            if not found:
                found = ["priority: below 0, and the stand-in has this path"]
            weight = _weight(found)
            if near is None or weight < near[0]:
                near = weight, kept, found
        if near is None:
            return Chosen()
        _, kept, found = near
        kept.misses = [*kept.misses, found][-MOST_MISSES:]
        return Chosen(why_not=({"expectation": kept.expectation.id, "differences": [*found]},))

    def _ordered(self) -> list[_Kept]:
        return sorted(self._kept.values(), key=lambda kept: (-kept.expectation.priority, -kept.order))


def _met(kept: _Kept) -> Chosen:
    answers = kept.expectation.answers
    kept.count += 1
    answer = answers[min(kept.count, len(answers)) - 1] if answers else None
    return Chosen(kept.expectation.id, answer)


def _weight(found: list[str]) -> int:
    """Another path is farther away than another header, and that farther than another body."""
    weights = {"path": 100, "method": 50, "query": 5, "header": 5}
    return sum(weights.get(one.partition(":")[0].partition(" ")[0], 1) for one in found)


def _view(kept: _Kept) -> ExpectationView:
    # Not through model_dump: which bodies were given must stay known.
    given = {name: getattr(kept.expectation, name) for name in Expectation.model_fields}
    view = ExpectationView.model_construct(**{**given, "id": kept.expectation.id, "count": kept.count})
    view.model_fields_set.intersection_update({*kept.expectation.model_fields_set, "id", "count"})
    return view
