"""FileThongBaoThue of nhantbthuedvcqg: base64 of XML, /DATA/BODY; one ROW_LIST a dossier, one LIST a decision."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from lxml import etree
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from lgsp.clock import VIETNAM
from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards import xml
from lgsp.standards.dvcqg.values import DossierCode, Reply, Required
from lgsp.standards.faults import bilingual, pydantic_faults

__all__ = ["TaxDecision", "TaxRow", "read_tax_notice", "write_tax_notice"]

MAX_BYTES = 8 * 1024 * 1024
_FIELDS = ("MA_SO_THUE", "SO_QUYET_DINH", "NGAY_QUYET_DINH", "TEN_TIEUMUC", "SO_TIEN")


def _check_day(value: str) -> str:
    try:
        datetime.strptime(value, "%d-%m-%Y").replace(tzinfo=VIETNAM)
    except ValueError as exc:
        raise bilingual(
            "tax_day",
            "must be a real day written dd-MM-yyyy",
            "phải là ngày có thật, viết theo dạng dd-MM-yyyy",
        ) from exc
    return value


class TaxDecision(Reply):
    """LIST: what is to be paid upon one decision; SO_TIEN in đồng."""

    MA_SO_THUE: Annotated[str, StringConstraints(pattern=r"^([0-9]{10}(-[0-9]{3})?|[0-9]{12})$")]
    SO_QUYET_DINH: Required
    NGAY_QUYET_DINH: Annotated[str, AfterValidator(_check_day)]
    TEN_TIEUMUC: Required
    SO_TIEN: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]


class TaxRow(Reply):
    """ROW_LIST: one dossier's decisions."""

    MA_HSO: DossierCode
    LIST: Annotated[list[TaxDecision], Field(min_length=1, max_length=100)]


def read_tax_notice(encoded: str) -> tuple[TaxRow, ...]:
    """The rows of the file.

    Raises:
        InvalidMessageError: no base64, no safe XML, or not of that shape; faults below /Data/FileThongBaoThue, by the path in the file.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _refused("", "is not base64", "không phải chuỗi base64 hợp lệ") from exc
    root = xml.parse(raw, max_bytes=MAX_BYTES)
    body = _children(root, "BODY")
    if xml.local_name(root) != "DATA" or len(body) != 1:
        raise _refused("/DATA", "must be DATA with one BODY", "phải là DATA có đúng một BODY")
    rows = _children(body[0], "ROW_LIST")
    if not rows:
        raise _refused("/DATA/BODY/ROW_LIST", "missing", "thiếu ROW_LIST")
    return tuple(_row(row) for row in rows)


def _row(element: xml.Element) -> TaxRow:
    decisions = [
        {xml.local_name(field): (field.text or "").strip() for field in decision}
        for decision in _children(element, "LIST")
    ]
    codes = [(code.text or "").strip() for code in _children(element, "MA_HSO")]
    try:
        return TaxRow.model_validate({"LIST": decisions} | ({"MA_HSO": codes[0]} if codes else {}))
    except ValidationError as exc:
        place = f"/Data/FileThongBaoThue{xml.place_of(element)}"
        raise InvalidMessageError("FileThongBaoThue", pydantic_faults(exc, place)) from exc


def _children(element: xml.Element, name: str) -> list[xml.Element]:
    return [child for child in element if xml.local_name(child) == name]


def _refused(place: str, message: str, message_vi: str) -> InvalidMessageError:
    fault = Fault("dvcqg.tax_notice", f"/Data/FileThongBaoThue{place}", message, message_vi)
    return InvalidMessageError("FileThongBaoThue", [fault])


def write_tax_notice(rows: tuple[TaxRow, ...]) -> str:
    """The file, in base64."""
    root = etree.Element("DATA")
    body = etree.SubElement(root, "BODY")
    for row in rows:
        element = etree.SubElement(body, "ROW_LIST")
        etree.SubElement(element, "MA_HSO").text = row.MA_HSO
        for decision in row.LIST:
            line = etree.SubElement(element, "LIST")
            for name in _FIELDS:
                etree.SubElement(line, name).text = getattr(decision, name)
    return base64.b64encode(xml.serialize(root)).decode()
