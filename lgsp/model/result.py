"""iGate <-> iOffice: a dossier that needs a signed document (liên thông một cửa - QLVB)."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from lgsp.errors import WrongValueError
from lgsp.model.attachment import Attachment
from lgsp.model.base import DossierCode, Name, OrganizationId, Strict, Text
from lgsp.model.dossier import Applicant

__all__ = ["ResultIssued", "ResultOutcome", "ResultRequested"]


Round = Annotated[int, Field(ge=1)]
"""Lần trình: 1 the first draft, one more each time that a draft was returned for changes and submitted again."""


class ResultRequested(Strict):
    """Data of `result.requested` (GuiHoSo): a draft goes to the leader for signature; `note` says what a later round changed."""

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
    round: Round = 1
    note: Text = ""


class ResultOutcome(StrEnum):
    """LoaiKetQua."""

    PROMULGATED = "01"
    SIGNED_NOT_PROMULGATED = "02"
    NOT_APPROVED = "03"
    APPROVED = "04"


class ResultIssued(Strict):
    """Data of `result.issued` (LayGoiTinVanBan): what became of the draft.

    `changes_requested`: not approved as it is; the leader asks for another round, `reason` says what to change.
    """

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
    round: Round = 1
    changes_requested: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.changes_requested and self.outcome != ResultOutcome.NOT_APPROVED:
            raise WrongValueError(
                "changes are asked for of a draft that was not approved (03)",
                "chỉ yêu cầu sửa dự thảo không được duyệt (03)",
            )
        return self
