"""Identifiers of the wires: what is well-formed, and the only room that makes new ones.

Sources: QCVN 102:2016/BTTTT and QĐ 20/2020/QĐ-TTg (organizations), TT 01/2018/TT-VPCP Điều 19 (dossiers), NĐ 30/2020/NĐ-CP (documents).
"""

import hashlib
import re
import secrets
import uuid
from datetime import date, datetime
from functools import lru_cache

from lgsp.errors import WrongValueError

__all__ = [
    "check_citizen_id",
    "check_document_number_part",
    "check_dossier_code",
    "check_organization_id",
    "check_procedure_code",
    "deterministic_id",
    "document_id",
    "dossier_code",
    "is_organization_id",
    "new_id",
    "new_number",
    "new_traceparent",
    "organization_pattern_matches",
]

_QCVN_102 = r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"
_QD_20 = r"[A-Z]\d{2}(?:\.\d{1,3}){0,3}"
_FREE = r"[A-Za-z][A-Za-z0-9_-]{0,31}(?:\.[A-Za-z0-9_-]{1,32}){1,5}"
_ORGANIZATION = re.compile(f"{_QCVN_102}|{_QD_20}|{_FREE}")
_DOSSIER = re.compile(
    r"(?P<unit>\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3}){0,3})-(?P<day>\d{6}|\d{8})-\d{4,7}"
)
_PROCEDURE = re.compile(r"\d\.\d{6}(\.(\d{3}\.\d{2}\.\d{2}\.)?[GH]\d{2})?")
_CITIZEN = re.compile(r"\d{12}|\d{9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAMESPACE = uuid.UUID("6f0f6a52-9f6e-5c0a-9d4e-1a5c5f1f3402")


def is_organization_id(value: str) -> bool:
    """Whether it is an organization id of any form in use."""
    return _ORGANIZATION.fullmatch(value) is not None


@lru_cache(8192)
def check_organization_id(value: str) -> str:
    """Mã định danh: `000.00.00.H34`, `H34.1.2`, or the free id of a test agency (`vxp.saas.03`).

    Raises:
        ValueError: none of these.
    """
    if not is_organization_id(value):
        raise WrongValueError(
            f"{value!r} is not an organization id; expected 000.00.00.H34, H34.1.2 or vxp.saas.03",
            f"{value!r} không phải mã định danh; hãy viết như 000.00.00.H34, H34.1.2 hoặc vxp.saas.03",
        )
    return value


@lru_cache(8192)
def check_dossier_code(value: str) -> str:
    """Mã hồ sơ: unit, day, sequence: `000.00.01.H34-191225-0001`, `H34.1-20260609-0092637`.

    Raises:
        ValueError: not of the form, or no such day.
    """
    found = _DOSSIER.fullmatch(value)
    if found is None:
        raise WrongValueError(
            f"{value!r} is not a dossier code; expected <unit>-<yyMMdd>-<number>, e.g. H34.1-261123-0001",
            f"{value!r} không phải mã hồ sơ; hãy viết <đơn vị>-<yyMMdd>-<số>, như H34.1-261123-0001",
        )
    day = found["day"]
    try:
        datetime.strptime(day, "%Y%m%d" if len(day) == 8 else "%y%m%d")  # noqa: DTZ007 - a calendar day has no zone
    except ValueError as exc:
        raise WrongValueError(
            f"{value!r}: {day} is not a day of the calendar", f"{value!r}: không có ngày {day}"
        ) from exc
    return value


def check_procedure_code(value: str) -> str:
    """Mã thủ tục: `1.000080`, `2.002621.H56`, `1.003003.000.00.00.H34`.

    Raises:
        ValueError: not of the form.
    """
    if not _PROCEDURE.fullmatch(value):
        raise WrongValueError(
            f"{value!r} is not a procedure code; expected 1.000080 or 1.003003.000.00.00.H34",
            f"{value!r} không phải mã thủ tục; hãy viết như 1.000080 hoặc 1.003003.000.00.00.H34",
        )
    return value


def check_citizen_id(value: str) -> str:
    """Số CCCD (12 digits) or CMND (9 digits).

    Raises:
        ValueError: neither.
    """
    if not _CITIZEN.fullmatch(value):
        raise WrongValueError(
            "a citizen id has 12 digits (CCCD) or 9 (CMND)", "số CCCD có 12 chữ số, số CMND có 9"
        )
    return value


def check_document_number_part(value: str) -> str:
    """Number or notation of a số/ký hiệu: some characters, none of them white space at the ends or a control character.

    Raises:
        ValueError: otherwise.
    """
    if not value.strip() or value != value.strip() or _CONTROL.search(value):
        raise WrongValueError(
            f"{value!r} is not a part of a document number", f"{value!r} không thể là một phần của số/ký hiệu"
        )
    return value


def organization_pattern_matches(pattern: str, organization_id: str) -> bool:
    """Whether an id falls under a pattern: `*`, `*.H34` (ends so), `H34.*` (begins so), or the very id."""
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return organization_id.endswith(pattern[1:])
    if pattern.endswith(".*"):
        return organization_id.startswith(pattern[:-1])
    return pattern == organization_id


def new_id() -> str:
    """A fresh message id."""
    return str(uuid.uuid4())


def new_number() -> int:
    """A number of seven digits that nobody is likely to have drawn before: for what people send by hand."""
    return 1_000_000 + secrets.randbelow(9_000_000)


def new_traceparent() -> str:
    """A fresh W3C trace context."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def deterministic_id(*parts: str) -> str:
    """The same id for the same parts, so that reading something twice is publishing it once."""
    # A version 5 of RFC 4122 as uuid.uuid5 makes it, at a third of the cost: without an object for each.
    digest = hashlib.sha1(_NAMESPACE.bytes + "\x1f".join(parts).encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16]) & ~(0xF000C << 60) | (0x50008 << 60)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def document_id(organization_id: str, promulgated_on: date, code: str) -> str:
    """`000.00.00.G22,2015/09/30,7816/VPCP-TTĐT` (QCVN 102:2016)."""
    return f"{organization_id},{promulgated_on:%Y/%m/%d},{code}"


def dossier_code(unit_id: str, day: date, sequence: int) -> str:
    """`{unit}-{yyMMdd}-{sequence:0000}` (TT 01/2018/TT-VPCP, Điều 19)."""
    return f"{unit_id}-{day:%y%m%d}-{sequence:04d}"
