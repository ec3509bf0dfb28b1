"""What a procedure asks for and promises, derived from its few facts, so that every system tells the same of it."""

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import cast

from pydantic import JsonValue

from lgsp_mocks.kit.procedures import PROVINCE, Procedure
from lgsp_mocks.kit.state import Record

__all__ = [
    "CHANNELS",
    "Edition",
    "Paper",
    "Way",
    "decision_id",
    "first_edition",
    "next_edition",
    "papers",
    "read_edition",
    "ways",
]

CHANNELS = {"1": "Trực tiếp", "2": "Trực tuyến", "3": "Dịch vụ bưu chính"}
FIRST_DECISION = date(2024, 1, 2)


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a procedure, published by a decision (quyết định công bố)."""

    procedure: Procedure
    version: int
    in_force: bool
    decision: str
    decision_id: str
    decided_on: str

    def record(self) -> Record:
        """As a stand-in stores it."""
        return {
            **asdict(self),
            "procedure": {**asdict(self.procedure), "papers": list(self.procedure.papers)},
        }


@dataclass(frozen=True, slots=True)
class Paper:
    """Giấy tờ of the file: how many originals and copies."""

    code: str
    name: str
    originals: int
    copies: int


@dataclass(frozen=True, slots=True)
class Way:
    """Cách thức thực hiện: KENH 1 at the counter, 2 online, 3 by post."""

    channel: str
    working_days: int
    fee: int


def first_edition(procedure: Procedure) -> Edition:
    """The version that every system starts with."""
    day = FIRST_DECISION + timedelta(days=procedure.number % 500)
    letters = "UBND" if procedure.publisher_id == PROVINCE else procedure.field_code[4:6]
    return Edition(
        procedure, 1, True, f"{procedure.number}/QĐ-{letters}", decision_id(procedure, 1), day.isoformat()
    )


def decision_id(procedure: Procedure, version: int) -> str:
    """IDQUYETDINHCONGBO: another for every version."""
    return f"{procedure.number:06}{version:03}"


def next_edition(
    before: Edition, procedure: Procedure, *, in_force: bool, decision: str, day: date
) -> Edition:
    """What a decision of that day makes of it; without a number of its own it gets one."""
    version = before.version + 1
    number = decision or f"{procedure.number}-{version}/QĐ-UBND"
    return Edition(procedure, version, in_force, number, decision_id(procedure, version), day.isoformat())


def read_edition(record: Record) -> Edition:
    """From a stand-in's state."""
    fields = dict(cast("Record", record["procedure"]))
    names = tuple(str(name) for name in cast("list[JsonValue]", fields.pop("papers")))
    procedure = replace(Procedure(**cast("dict[str, object]", fields)), papers=names)  # type: ignore[arg-type]
    return Edition(
        procedure, int(str(record["version"])), bool(record["in_force"]), str(record["decision"]), str(record["decision_id"]),
        str(record["decided_on"]),
    )  # fmt: skip


def papers(procedure: Procedure) -> tuple[Paper, ...]:
    """Thành phần hồ sơ: a form, and what the procedure's field and fee make necessary."""
    named = procedure.papers or _usual(procedure)
    return tuple(
        Paper(f"GT{number:02}", name, 1 if number == 1 else 0, 0 if number == 1 else 1)
        for number, name in enumerate(named, 1)
    )


def _usual(procedure: Procedure) -> tuple[str, ...]:
    names = ["Tờ khai"]
    if procedure.number % 2 == 0:
        names.append("Bản sao giấy tờ tùy thân")
    if procedure.number % 3 == 0:
        names.append(f"Tài liệu chứng minh điều kiện về {procedure.field_name.lower()}")
    if procedure.number % 5 == 0:
        names.append("Văn bản ủy quyền (nếu có)")
    return tuple(names)


def ways(procedure: Procedure) -> tuple[Way, ...]:
    """By channel; who applies online pays half (assumed), and the time is the same."""
    return tuple(
        Way(channel, procedure.working_days, procedure.fee // 2 if channel == "2" and procedure.number > 40 else procedure.fee)
        for channel in CHANNELS
    )  # fmt: skip
