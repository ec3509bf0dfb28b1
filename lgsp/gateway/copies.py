"""A document as each place has it (sender, bus, axis, receivers), and in what these differ."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from lgsp.standards import document_life
from lgsp.standards.document_life import NAMES, Life

__all__ = ["Copy", "Difference", "bus_copy", "copies_of", "differences"]

Row = Mapping[str, JsonValue]
Role = Literal["sender", "bus", "axis", "receiver"]
_CHANGES = ("document.updated", "document.replaced")


class Copy(BaseModel):
    """What a place holds. None: it does not keep that. `statuses` has the code (01 … 06) of each receiver, as far as the place knows;
    `files` are the SHA-256 of the attachments, in order.
    """

    model_config = ConfigDict(frozen=True)

    system: str
    role: Role
    organization: str = ""
    number: str | None = None
    date: str | None = None
    files: tuple[str, ...] | None = None
    statuses: dict[str, str] = {}


class Difference(BaseModel):
    """`what`: number, date, files or status (of `organization`), or a dossier's state; `values` are (place, what it has), in order.

    missing: the places that should hold it, and hold nothing.
    """

    model_config = ConfigDict(frozen=True)

    what: Literal["missing", "number", "date", "files", "status", "state"]
    organization: str = ""
    values: tuple[tuple[str, str], ...]


def bus_copy(messages: Iterable[tuple[str, Mapping[str, JsonValue]]]) -> Copy | None:
    """From (type, data) of the messages about it, oldest first; None where none of them carries the document."""
    document: Row = {}
    reports: list[tuple[str, str]] = []
    for kind, data in messages:
        if kind == "document.issued":
            document = document or data
        elif kind in _CHANGES:
            changed = data.get("document")
            document = changed if isinstance(changed, dict) else document
        elif kind == "document.status":
            reports.append((_text(_dict(data.get("reporter")).get("id")), _text(data.get("status"))))
    if not document:
        return None
    code = _dict(document.get("code"))
    hashes = [_text(_dict(one.get("blob")).get("sha256")) for one in _dicts(document.get("attachments"))]
    return Copy(
        system="bus",
        role="bus",
        number=f"{_text(code.get('number'))}/{_text(code.get('notation'))}",
        date=_text(document.get("promulgated_on")),
        files=tuple(sorted(hashes)),
        statuses=_folded(reports),
    )


def copies_of(system: str, rows: Sequence[Row]) -> list[Copy]:
    """What a stand-in's rows about one document say."""
    found = [_desk_copy(system, row) for row in rows if row.get("direction") in {"in", "out"}]
    packets = [row for row in rows if "messageType" in row]
    if packets:
        issued = next((row for row in packets if row["messageType"] == "edoc"), {})
        reports = [
            (_text(row.get("from")), _text(row.get("code")))
            for row in packets
            if row["messageType"] == "status"
        ]
        number = _text(issued.get("code")) or None
        found.append(Copy(system=system, role="axis", number=number, statuses=_folded(reports)))
    return found


def differences(copies: Sequence[Copy]) -> list[Difference]:
    """What two places both keep, and keep differently."""
    found = []
    for what in ("number", "date", "files"):
        values = [
            (_place(one), _shown(getattr(one, what))) for one in copies if getattr(one, what) is not None
        ]
        if len({value for _, value in values}) > 1:
            found.append(Difference(what=what, values=tuple(values)))
    for organization in dict.fromkeys(key for one in copies for key in one.statuses):
        values = [(_place(one), one.statuses[organization]) for one in copies if organization in one.statuses]
        if len({value for _, value in values}) > 1:
            found.append(Difference(what="status", organization=organization, values=tuple(values)))
    return found


def _desk_copy(system: str, row: Row) -> Copy:
    """A row of a document desk, which keeps what it sent and what came in the same form."""
    outgoing = row["direction"] == "out"
    receivers = _dict(row.get("receivers"))
    own = {_text(row.get("agency")): _text(row.get("status"))}
    told = {name: _text(_dict(each).get("status")) for name, each in receivers.items()}
    return Copy(
        system=system,
        role="sender" if outgoing else "receiver",
        organization=_text(row.get("agency")),
        number=_text(row.get("code")),
        date=_text(row.get("promulgated_on")).replace("/", "-"),
        files=tuple(sorted(_text(one.get("sha256")) for one in _dicts(row.get("attachments")))),
        statuses={name: code for name, code in (told if outgoing else own).items() if code},
    )


def _folded(reports: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The status that each receiver's reports come to, by the rule that the desks go by: late and repeated ones change nothing."""
    statuses: dict[str, str] = {}
    ordered = sorted(reports, key=lambda report: report[0])
    for organization, told in groupby(ordered, key=lambda report: report[0]):
        life = Life()
        for _, code in told:
            life = document_life.apply(life, code).life if code in NAMES else life
        if life.status:
            statuses[organization] = life.status
    return statuses


def _place(copy: Copy) -> str:
    return f"{copy.system} {copy.organization}".rstrip()


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "-"


def _dict(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _dicts(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: JsonValue) -> str:
    return "" if value is None else str(value)
