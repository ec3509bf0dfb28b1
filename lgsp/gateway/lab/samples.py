"""The sample gallery: two or three invented messages of each kind, some of which must be refused."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json

from lgsp.errors import NotFoundError
from lgsp.gateway.lab.sending import Order
from lgsp.standards.identifiers import new_number

__all__ = ["Filling", "Sample", "orders_of", "sample_files", "sample_of", "samples", "samples_of"]

_PLACE = re.compile(r"\{(number|now|today|day|yymmdd)([+-]\d{1,4})?\}")
_FOLDER = files("lgsp.gateway.lab").joinpath("gallery")


class Sample(BaseModel):
    """One of the gallery; `vi` and `en` are its titles.

    `expect`: it is delivered, or becomes a dead letter since the receiving system refuses it, or is refused at the door because of
    `places`. `after` names the sample that has to go first; `awaits`, the kind of message by which a system then asks for this one.
    Texts have `{number}` (fresh each time), `{now}`, `{today}` (also `{now-20}`: days), `{day}` (2026/11/26) and `{yymmdd}`;
    `{"$file": name}` in the place of a blob is a file of the gallery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str
    vi: str
    en: str
    expect: Literal["delivered", "dead", "refused"]
    places: tuple[str, ...] = ()
    after: str = ""
    awaits: str = ""
    subject: str
    sender: str
    recipients: str
    data: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Filling:
    """What is filled in; the same filling makes the same message."""

    number: int
    now: datetime

    @classmethod
    def fresh(cls, now: datetime) -> "Filling":
        """With a number of its own."""
        return cls(new_number(), now)

    def text(self, template: str) -> str:
        """With its places filled in."""
        return _PLACE.sub(self._value, template)

    def _value(self, place: re.Match[str]) -> str:
        at = self.now + timedelta(days=int(place[2] or 0))
        match place[1]:
            case "number":
                return str(self.number)
            case "now":
                return at.isoformat(timespec="seconds")
            case "today":
                return f"{at:%Y-%m-%d}"
            case "day":
                return f"{at:%Y/%m/%d}"
            case _:
                return f"{at:%y%m%d}"


@cache
def samples() -> Mapping[str, Sample]:
    """All of them by name, in the order of the files."""
    found: dict[str, Sample] = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            kind = file.name.removesuffix(".json")
            for row in from_json(file.read_bytes())["samples"]:
                found[row["name"]] = Sample.model_validate({**row, "kind": kind})
    return found


def samples_of(kind: str) -> list[Sample]:
    """Those of a kind."""
    return [one for one in samples().values() if one.kind == kind]


def sample_of(name: str) -> Sample:
    """The one of that name.

    Raises:
        NotFoundError: there is none.
    """
    found = samples().get(name)
    if found is None:
        raise NotFoundError(
            f"no sample {name[:100]!r}; GET /api/lab/samples lists them", f"Không có mẫu {name[:100]!r}."
        )
    return found


def orders_of(sample: Sample, filling: Filling) -> list[Order]:
    """What is sent for it: what has to go first, and at the end itself."""
    before = orders_of(sample_of(sample.after), filling) if sample.after else []
    data = _filled(sample.data, filling)
    return [
        *before,
        Order(
            kind=sample.kind, subject=filling.text(sample.subject), sender=sample.sender, recipients=sample.recipients,
            data=data if isinstance(data, dict) else {},
        ),
    ]  # fmt: skip


@cache
def sample_files() -> Mapping[str, bytes]:
    """The files that samples attach, by name."""
    return {one.name: one.read_bytes() for one in _FOLDER.joinpath("files").iterdir()}


def _filled(value: JsonValue, filling: Filling) -> JsonValue:
    if isinstance(value, str):
        return filling.text(value)
    if isinstance(value, list):
        return [_filled(one, filling) for one in value]
    if isinstance(value, dict):
        if "$file" in value:
            content = sample_files()[str(value["$file"])]
            return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        return {name: _filled(one, filling) for name, one in value.items()}
    return value
