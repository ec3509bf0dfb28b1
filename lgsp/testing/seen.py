"""What a stand-in saw: one entry of its request journal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast

from pydantic import JsonValue

__all__ = ["Seen"]

SHOWN = 300


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came, and its answer; both bodies to four kilobytes, secrets as `***`.

    `answered_by`: stand-in, expectation, fault or nobody; `why_not`: the nearest expectation, or path, and how it differs.
    """

    number: int
    at: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    size: int
    status: int
    answer: str
    answered_by: str
    expectation: str
    why_not: Sequence[str]
    faults: Sequence[str]

    @classmethod
    def of(cls, entry: Mapping[str, JsonValue]) -> Self:
        """From `/__mock__/requests`."""
        faults = cast("list[dict[str, str]]", entry["faults"])
        return cls(
            number=int(str(entry["number"])), at=str(entry["at"]), method=str(entry["method"]), path=str(entry["path"]),
            query=str(entry["query"]), headers=cast("dict[str, str]", entry["headers"]), body=str(entry["body"]),
            size=int(str(entry["size"])), status=int(str(entry["status"])), answer=str(entry["answer"]),
            answered_by=str(entry["answered_by"]), expectation=str(entry["expectation"]),
            why_not=[_why_not(one) for one in cast("list[dict[str, JsonValue]]", entry["why_not"])],
            faults=[one["kind"] for one in faults],
        )  # fmt: skip

    @property
    def json(self) -> JsonValue:
        """The request's body.

        Raises:
            ValueError: it is no JSON, or was cut.
        """
        return cast("JsonValue", json.loads(self.body))

    @property
    def told(self) -> str:
        """For a person: the request and its end in a line; behind it what was nearest, and what a refusal said."""
        query = f"?{self.query}" if self.query else ""
        struck = f"; fault: {', '.join(self.faults)}" if self.faults else ""
        head = f"{self.method} {self.path}{query} -> {self.status or 'no answer'} ({self.answered_by or 'nobody'}{struck})"
        lines = [head, *(f"    nearest: {one}" for one in self.why_not)]
        if self.status >= 400 and self.answer:
            lines.append(f"    answered: {self.answer[:SHOWN]}")
        return "\n".join(lines)


def _why_not(one: Mapping[str, JsonValue]) -> str:
    name = one.get("expectation") or one.get("stand-in")
    return f"{name}: {'; '.join(map(str, cast('list[str]', one['differences'])))}"
