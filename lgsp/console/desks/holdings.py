"""What a stand-in holds, each kind of thing as one sort of line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

__all__ = ["Holding", "Line", "holdings"]

Row = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Line:
    """One document or dossier. `about` is what the acts of that system call it; `trace` finds it in the bus.

    A dossier has its `status`, as its code; anything else a `state`, whose word is `desk.<state>`.
    """

    about: str
    number: str
    title: str
    parties: str
    state: str
    status: str
    at: str
    trace: str
    files: int
    steps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """A list as the user sees it: `name` is its word (`desk.<name>`), `kind` says what it lists, `where` which rows of the table."""

    name: str
    table: str
    kind: str
    line: Callable[[Row], Line]
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)


def holdings(system: str) -> Sequence[Holding]:
    """The lists of a system; none for one that this console does not know."""
    return _HOLDINGS.get(system, ())


def _document(row: Row) -> Line:
    status = str(row.get("status") or "")
    to = row.get("to")
    parties = f"{row.get('from_name') or row.get('from')} → {', '.join(map(str, to)) if isinstance(to, list) else ''}"
    told = _rows(row.get("statuses"))
    steps = tuple((str(one.get("organ_id", "")), str(one.get("code", ""))) for one in told)
    at = str(row.get("at") or "")[:19]
    document_id = str(row.get("document_id"))
    return Line(
        document_id,
        str(row.get("code") or document_id),
        str(row.get("subject") or ""),
        parties,
        f"s{status}" if status else "",
        "",
        at,
        document_id,
        len(_rows(row.get("attachments"))),
        steps,
    )


def _dossier(row: Row) -> Line:
    applicant = row.get("applicant")
    who = applicant if isinstance(applicant, dict) else {}
    name = str(who.get("ownerFullname") or who.get("fullname", ""))
    code, national = str(row.get("code") or ""), str(row.get("national_code") or "")
    steps = tuple(
        (str(one.get("content", "")), str(one.get("status", ""))) for one in _rows(row.get("steps"))
    )
    return Line(
        code,
        code or national,
        str(row.get("abstract") or row.get("procedure_name") or ""),
        f"{name} → {row.get('unit_name', '')}",
        "",
        str(row.get("status") or ""),
        str(row.get("updated_at") or "")[:19],
        national or code,
        len(_rows(row.get("files"))),
        steps,
    )


def _national(row: Row) -> Line:
    code = str(row.get("MaHoSo"))
    steps = tuple(
        (str(one.get("NoiDungXuLy", "")), str(one.get("TrangThai", ""))) for one in _rows(row.get("tien_do"))
    )
    stamp = str(row.get("NgayNopHoSo") or row.get("NgayTiepNhan") or "")
    at = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[8:10]}:{stamp[10:12]}" if len(stamp) >= 12 else stamp
    return Line(
        code,
        code,
        str(row.get("TrichYeuHoSo") or row.get("TenTTHC") or ""),
        f"{row.get('ChuHoSo', '')} → {row.get('DonViXuLy') or row.get('don_vi') or ''}",
        "",
        str(row.get("TrangThaiHoSo") or ""),
        at,
        code,
        len(_rows(row.get("TaiLieuNop"))),
        steps,
    )


def _draft(row: Row) -> Line:
    code = str(row.get("MaHoSo"))
    return Line(
        "",
        str(row.get("number") or row.get("MaVanBan")),
        str(row.get("subject") or ""),
        code,
        f"draft_{row.get('state')}",
        "",
        str(row.get("at") or "")[:19],
        code,
        len(_rows(row.get("files"))),
    )


def _rows(value: JsonValue) -> list[dict[str, JsonValue]]:
    listed = value if isinstance(value, list) else []
    return [one if isinstance(one, dict) else {"name": one} for one in listed]


_IN, _OUT = ({"field": ["direction"], "value": [way]} for way in ("in", "out"))


_HOLDINGS: Mapping[str, tuple[Holding, ...]] = {
    "ioffice": (
        Holding("received", "documents", "document", _document, _IN),
        Holding("sent", "documents", "document", _document, _OUT),
        Holding("drafts", "drafts", "dossier", _draft),
    ),
    "axis": (
        Holding("outside_received", "external_documents", "document", _document, _IN),
        Holding("outside_sent", "external_documents", "document", _document, _OUT),
    ),
    "igate": (Holding("dossiers", "dossiers", "dossier", _dossier),),
    "portal": (Holding("dossiers", "dossiers", "dossier", _national),),
}
