"""Dossiers (hồ sơ một cửa): QCVN 120:2019, NĐ 118/2025/NĐ-CP."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from lgsp.model.attachment import Attachment
from lgsp.model.base import (
    CitizenId,
    DossierCode,
    Money,
    Name,
    OrganizationId,
    ProcedureCode,
    Strict,
    Text,
    WireCode,
)

__all__ = [
    "Applicant",
    "ApplicantKind",
    "DossierChannel",
    "DossierDocument",
    "DossierFee",
    "DossierKeys",
    "DossierPause",
    "DossierProgressed",
    "DossierRequest",
    "DossierResolved",
    "DossierState",
    "DossierSubmitted",
    "DossierSynchronized",
    "ResultPaper",
]

Moment = Annotated[AwareDatetime, Field(strict=False)]


class DossierState(StrEnum):
    """TrangThaiHoSo."""

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


class ApplicantKind(StrEnum):
    """LoaiDoiTuong of the portal."""

    CITIZEN = "1"
    ENTERPRISE = "2"
    AGENCY = "3"
    OTHER = "4"


class DossierChannel(StrEnum):
    """KenhThucHien."""

    COUNTER = "1"
    ONLINE = "2"
    POST = "3"


class Applicant(Strict):
    """Chủ hồ sơ / người nộp."""

    name: Name
    kind: Annotated[ApplicantKind, Field(strict=False)] = ApplicantKind.CITIZEN
    citizen_id: CitizenId | None = None
    email: Text = ""
    telephone: Text = ""
    address: Text = ""


class DossierDocument(Strict):
    """Thành phần hồ sơ (TaiLieuNop): a paper that belongs to the dossier."""

    code: Text = ""
    name: Name
    attachment: Attachment | None = None
    url: Text = ""


class DossierFee(Strict):
    """Phí, lệ phí (DanhSachLePhi); `amount` in đồng; `collected`: 1 at intake, 2 at supplement, 4 at return."""

    code: Text = ""
    name: Name
    amount: Money
    kind: WireCode = "1"
    collected: WireCode = "1"


class ResultPaper(Strict):
    """Giấy tờ kết quả (DanhSachGiayToKetQua)."""

    code: Text = ""
    name: Name
    attachment: Attachment | None = None
    url: Text = ""


class DossierKeys(Strict):
    """The dossier's own numbers: `code` of the province, `national_code` where it was born on the national portal."""

    code: DossierCode | None = None
    national_code: DossierCode | None = None


class DossierSubmitted(DossierKeys):
    """Data of `dossier.submitted`: a citizen sent it in on the portal (nhanhsdvcqg)."""

    procedure_code: ProcedureCode
    procedure_name: Text = ""
    unit_id: OrganizationId
    applicant: Applicant
    submitted_at: Moment
    abstract: Text = ""
    documents: Annotated[tuple[DossierDocument, ...], Field(strict=False, max_length=200)] = ()


class DossierPause(Strict):
    """One request for papers (5) or a fee (6), during which the clock stands (DanhSachHoSoBoSung); open without `answered_at`."""

    request_id: WireCode
    state: Annotated[DossierState, Field(strict=False)]
    content: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    officer: Text = ""
    requested_at: Moment
    answered_at: Moment | None = None
    answer: Text = ""
    due_before: Moment | None = None
    due_after: Moment | None = None
    documents: Annotated[tuple[DossierDocument, ...], Field(strict=False, max_length=200)] = ()
    fees: Annotated[tuple[DossierFee, ...], Field(strict=False, max_length=100)] = ()


class DossierSynchronized(DossierKeys):
    """Data of `dossier.synchronized`: the whole dossier as the one-stop holds it (DongBoHoSoMC)."""

    procedure_code: ProcedureCode
    procedure_name: Name
    field_code: WireCode
    field_name: Name
    applicant: Applicant
    abstract: Text = ""
    channel: Annotated[DossierChannel, Field(strict=False)]
    state: Annotated[DossierState, Field(strict=False)]
    unit_id: OrganizationId
    unit_name: Name
    submitted_at: Moment | None = None
    accepted_at: Moment
    due_at: Moment | None = None
    finished_at: Moment | None = None
    returned_at: Moment | None = None
    note: Text = ""
    documents: Annotated[tuple[DossierDocument, ...], Field(strict=False, max_length=200)] = ()
    fees: Annotated[tuple[DossierFee, ...], Field(strict=False, max_length=100)] = ()
    results: Annotated[tuple[ResultPaper, ...], Field(strict=False, max_length=100)] = ()
    pauses: Annotated[tuple[DossierPause, ...], Field(strict=False, max_length=100)] = ()


class DossierProgressed(DossierKeys):
    """Data of `dossier.progressed`: one step (CapNhatTienDoHoSoMC). `sequence` counts the dossier's steps from 1."""

    sequence: Annotated[int, Field(ge=1)]
    state: Annotated[DossierState, Field(strict=False)]
    officer: Name
    position: Text = ""
    department: Text = ""
    content: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    at: Moment
    started_at: Moment | None = None
    due_at: Moment | None = None


class DossierRequest(DossierKeys):
    """Data of `dossier.supplement_requested`, `.supplemented`, `.fee_requested`, `.fee_paid`, `.withdrawn`.

    `request_id` (HoSoBoSungId) names the request, in a request as in its answer; a request carries the whole `dossier` as it then was.
    """

    content: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    at: Moment
    request_id: Annotated[str, StringConstraints(max_length=64)] = ""
    by: Text = ""
    documents: Annotated[tuple[DossierDocument, ...], Field(strict=False, max_length=200)] = ()
    fees: Annotated[tuple[DossierFee, ...], Field(strict=False, max_length=100)] = ()
    dossier: DossierSynchronized | None = None


class DossierResolved(DossierSynchronized):
    """Data of `dossier.resolved`: the whole dossier in state 9 or 10, with its result papers."""
