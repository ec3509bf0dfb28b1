"""Scalars and code lists of the national portal's packets: everything is a JSON string (QCVN 120:2019/BTTTT)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from lgsp.clock import VIETNAM, wire_stamp
from lgsp.standards import identifiers
from lgsp.standards.faults import bilingual

__all__ = [
    "Digitised",
    "DossierCode",
    "DossierStatus",
    "ErrorCode",
    "FeeMoment",
    "Flag",
    "NullableText",
    "ObjectKind",
    "OptionalStamp",
    "Packet",
    "ProcedureCode",
    "Reply",
    "Required",
    "Stamp",
    "Text",
    "UnitCode",
    "YesNo",
    "check_day",
    "read_stamp",
    "write_stamp",
]


class Packet(BaseModel):
    """What a client sends: nothing unknown, since a field that nobody reads is mostly a typing mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reply(BaseModel):
    """What the other side answers: fields that it adds later are not our business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class DossierStatus(StrEnum):
    """TrangThaiHoSo and the steps' TrangThai."""

    REGISTERED = "1"
    ACCEPTED = "2"
    NOT_ACCEPTED = "3"
    PROCESSING = "4"
    SUPPLEMENT_REQUESTED = "5"
    FEE_REQUESTED = "6"
    WITHDRAWN = "7"
    STOPPED = "8"
    RESOLVED = "9"
    RETURNED = "10"


class ObjectKind(StrEnum):
    """LoaiDoiTuong; 3 and 4 come from one province's portal, the national documents that are public stop at 2."""

    CITIZEN = "1"
    ENTERPRISE = "2"
    AGENCY = "3"
    OTHER = "4"


class FeeMoment(StrEnum):
    """HinhThucThu: when a fee is collected."""

    INTAKE = "1"
    SUPPLEMENT = "2"
    RETURN = "4"


Flag = Literal["True", "False"]
"""Flags are the strings `True` and `False`."""

YesNo = Literal["", "0", "1"]
Digitised = Literal["", "0", "1", "2"]


def _as_empty(value: object) -> object:
    return "" if value is None else value


def _as_number(value: object) -> object:
    # Clients read error_code as number and as text, an older one also "00": so a reader takes every form.
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _check_stamp(value: str) -> str:
    read_stamp(value)
    return value


def _check_optional_stamp(value: str) -> str:
    return _check_stamp(value) if value else value


def read_stamp(value: str) -> datetime:
    """The moment that `yyyyMMddHHmmss` names, in Vietnamese time; a day that no calendar has is refused."""
    if len(value) == 14 and value.isascii() and value.isdigit():
        try:
            # As strptime reads it, at a tenth of its cost.
            day = int(value[:4]), int(value[4:6]), int(value[6:8])
            return datetime(*day, int(value[8:10]), int(value[10:12]), int(value[12:]), tzinfo=VIETNAM)
        except ValueError:
            pass
    raise bilingual(
        "stamp",
        "must be a real date and time written yyyyMMddHHmmss",
        "phải là ngày giờ có thật, viết theo dạng yyyyMMddHHmmss",
    )


def check_day(value: str) -> str:
    """A day written dd/MM/yyyy, as answers to questions and legal bases have it."""
    if len(value) == 10 and value.isascii():
        try:
            datetime.strptime(value, "%d/%m/%Y").replace(tzinfo=VIETNAM)
        except ValueError:
            pass
        else:
            return value
    raise bilingual(
        "day", "must be a real day written dd/MM/yyyy", "phải là ngày có thật, viết theo dạng dd/MM/yyyy"
    )


def write_stamp(moment: datetime | None) -> str:
    """`yyyyMMddHHmmss`; the wire writes the empty string where there is no moment."""
    return "" if moment is None else wire_stamp(moment)


ErrorCode = Annotated[int, BeforeValidator(_as_number)]
Stamp = Annotated[str, AfterValidator(_check_stamp)]
OptionalStamp = Annotated[str, AfterValidator(_check_optional_stamp)]
Text = Annotated[str, StringConstraints(max_length=4000)]
NullableText = Annotated[Text, BeforeValidator(_as_empty)]
"""One province's portal sends JSON null here; everybody else the empty string."""
Required = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def _unit(value: str) -> str:
    try:
        return identifiers.check_organization_id(value)
    except ValueError as exc:
        raise bilingual("unit_code", str(exc), f"mã định danh cơ quan không hợp lệ: {value!r}") from exc


def _procedure(value: str) -> str:
    try:
        return identifiers.check_procedure_code(value)
    except ValueError as exc:
        raise bilingual("procedure_code", str(exc), f"mã thủ tục hành chính không hợp lệ: {value!r}") from exc


def _dossier(value: str) -> str:
    try:
        return identifiers.check_dossier_code(value)
    except ValueError as exc:
        raise bilingual("dossier_code", str(exc), f"mã hồ sơ không hợp lệ: {value!r}") from exc


UnitCode = Annotated[str, AfterValidator(_unit)]
ProcedureCode = Annotated[str, AfterValidator(_procedure)]
DossierCode = Annotated[str, AfterValidator(_dossier)]
