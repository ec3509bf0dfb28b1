"""iGate <-> iOffice: a dossier that needs a signed document (liên thông một cửa - QLVB)."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from lgsp.model.attachment import Attachment
from lgsp.model.base import DossierCode, Name, OrganizationId, Strict, Text
from lgsp.model.dossier import Applicant

__all__ = ["ResultIssued", "ResultOutcome", "ResultRequested"]


class ResultRequested(Strict):
    """Data of `result.requested` (GuiHoSo): a draft goes to the leader for signature."""

    code: DossierCode
    national_code: DossierCode | None = None
    igate_id: Text = ""
    applicant: Applicant
    unit_id: OrganizationId
    unit_name: Name
    procedure_name: Text = ""
    abstract: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    document_type: Name
    signer: Text = ""
    requested_at: Annotated[AwareDatetime, Field(strict=False)]
    due_at: Annotated[AwareDatetime, Field(strict=False)] | None = None
    drafts: Annotated[tuple[Attachment, ...], Field(strict=False, max_length=50)] = ()


class ResultOutcome(StrEnum):
    """LoaiKetQua."""

    PROMULGATED = "01"
    SIGNED_NOT_PROMULGATED = "02"
    NOT_APPROVED = "03"
    APPROVED = "04"


class ResultIssued(Strict):
    """Data of `result.issued` (LayGoiTinVanBan): what became of the draft."""

    code: DossierCode
    national_code: DossierCode | None = None
    igate_id: Text = ""
    outcome: Annotated[ResultOutcome, Field(strict=False)]
    number: Text = ""
    abstract: Text = ""
    document_type: Text = ""
    promulgated_on: date | None = Field(default=None, strict=False)
    signer: Text = ""
    position: Text = ""
    reason: Text = ""
    attachments: Annotated[tuple[Attachment, ...], Field(strict=False, max_length=50)] = ()
