"""Administrative procedures (thủ tục hành chính)."""

from typing import Annotated

from pydantic import Field

from lgsp.model.base import Name, OrganizationId, ProcedureCode, Strict, Text, WireCode

__all__ = ["Procedure"]


class Procedure(Strict):
    """Data of `procedure.published` (LayThuTuc). `working_days` is the time allowed; 0 = within the day."""

    code: ProcedureCode
    name: Name
    publisher_id: OrganizationId
    field_code: WireCode
    field_name: Name
    level: Annotated[str, Field(pattern=r"^[0-3]$")]
    working_days: Annotated[int, Field(ge=0, le=3650)]
    decision: Text = ""
    public: bool = True
