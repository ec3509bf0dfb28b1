"""A record of LayThuTuc -> the canonical procedure."""

import math
import re

from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import faults_of
from lgsp.model.procedure import Procedure
from lgsp.standards import dvcqg

__all__ = ["canonical"]

PUBLISHED = "1"
HOURS_OF_A_DAY, WORKING_SHARE = 8, 5 / 7


def canonical(record: dvcqg.ProcedureRecord) -> Procedure:
    """One procedure, as the national database has it.

    Raises:
        InvalidMessageError: it lacks its field, level or publisher, or a number is none; every fault by JSON Pointer.
    """
    what = f"LayThuTuc {record.MATTHC}"
    try:
        return Procedure.model_validate_json(to_json(_fields(record)))
    except ValidationError as exc:
        raise InvalidMessageError(what, faults_of(exc)) from exc
    except ValueError as exc:
        fault = Fault("portal.number", "/CACHTHUCTHUCHIEN", str(exc), f"giá trị không phải là số: {exc}")
        raise InvalidMessageError(what, [fault]) from exc


def _fields(record: dvcqg.ProcedureRecord) -> dict[str, JsonValue]:
    ways = _ways(record)
    counter = next((way for way in ways if way["channel"] == "1"), ways[0] if ways else {})
    field = record.LINHVUCTHUCHIEN[0] if record.LINHVUCTHUCHIEN else None
    levels = [one.CAPTHUCHIEN for one in record.CAPTHUCHIEN]
    public = record.TRANGTHAI == PUBLISHED
    agencies = record.COQUANCOTHAMQUYEN or record.COQUANTHUCHIEN
    return {
        "code": record.MATTHC, "name": record.TENTTHC, "publisher_id": record.MACOQUANCONGBO,
        "field_code": field.MALINHVUC if field else "", "field_name": (field.TENLINHVUC or field.MALINHVUC) if field else "",
        "level": levels[0] if levels else "", "levels": [*levels], "working_days": counter.get("working_days", 0),
        "decision": record.QUYETDINH, "public": public, "version": record.IDQUYETDINHCONGBO,
        "state": "in_force" if public else "repealed", "fee": counter.get("fee", 0), "ways": [*ways], "papers": _papers(record),
        "agencies": [{"id": one.MADONVI, "name": one.TENDONVI} for one in agencies],
    }  # fmt: skip


def _ways(record: dvcqg.ProcedureRecord) -> list[dict[str, JsonValue]]:
    """By channel: of several times the longest counts, with all its fees."""
    found: list[dict[str, JsonValue]] = []
    for way in record.CACHTHUCTHUCHIEN:
        times = [
            (
                working_days(one.THOIGIANGIAIQUYET, one.DONVITINH),
                sum(_number(fee.SOTIEN) for fee in one.PHILEPHI),
            )
            for one in way.THOIGIAN
        ]
        days, fee = max(times, default=(0, 0))
        found.append({"channel": way.KENH, "working_days": days, "fee": fee})
    return found


def working_days(value: str, unit: str) -> int:
    """THOIGIANGIAIQUYET in working days: hours by days of eight, calendar days by weeks of five (assumed); 0 = within the day.

    Raises:
        ValueError: no number.
    """
    amount, name = _number(value), unit.strip().lower()
    if "giờ" in name:
        return amount // HOURS_OF_A_DAY
    if name in {"ngày", "ngày lịch"}:
        return math.ceil(amount * WORKING_SHARE)
    return amount


def _number(value: str) -> int:
    """`50000`, `50.000`, or nothing."""
    text = value.strip()
    if not re.fullmatch(r"\d{0,12}|\d{1,3}([.,]\d{3}){1,3}", text):
        raise ValueError(repr(value[:40]))
    return int(re.sub(r"[.,]", "", text) or 0)


def _papers(record: dvcqg.ProcedureRecord) -> list[JsonValue]:
    return [
        {
            "code": one.MAGIAYTO,
            "name": one.TENGIAYTO or one.MAGIAYTO,
            "originals": _number(one.SOBANCHINH),
            "copies": _number(one.SOBANSAO),
        }
        for case in record.THANHPHANHOSO
        for one in case.GIAYTO
    ]
