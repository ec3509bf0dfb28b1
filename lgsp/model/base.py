"""What every canonical model shares: frozen, nothing unknown, no silent conversion; and the checked scalars."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from lgsp.standards import identifiers

__all__ = [
    "CitizenId",
    "DossierCode",
    "Name",
    "OrganizationId",
    "ProcedureCode",
    "Strict",
    "Text",
    "WireCode",
]


class Strict(BaseModel):
    """A value of the canonical model."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


OrganizationId = Annotated[str, AfterValidator(identifiers.check_organization_id)]
"""Mã định danh: `000.00.00.H34` (QCVN 102:2016), `H34.1.2` (QĐ 20/2020/QĐ-TTg), or a test agency's free id."""

DossierCode = Annotated[str, AfterValidator(identifiers.check_dossier_code)]
"""Mã hồ sơ (TT 01/2018/TT-VPCP, Điều 19)."""

ProcedureCode = Annotated[str, AfterValidator(identifiers.check_procedure_code)]
"""Mã thủ tục hành chính."""

CitizenId = Annotated[str, AfterValidator(identifiers.check_citizen_id)]
"""Số CCCD (12 digits) or the older CMND (9 digits)."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=4000)]
WireCode = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Money = Annotated[int, Field(ge=0)]
