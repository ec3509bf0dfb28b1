"""Administrative procedures (thủ tục hành chính)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from lgsp.model.base import Money, Name, OrganizationId, ProcedureCode, Strict, Text, WireCode

__all__ = ["Procedure", "ProcedureAgency", "ProcedurePaper", "ProcedureState", "ProcedureWay"]

WorkingDays = Annotated[int, Field(ge=0, le=3650)]
Level = Annotated[str, Field(pattern=r"^[0-3]$")]
Count = Annotated[int, Field(ge=0, le=1000)]


class ProcedureState(StrEnum):
    """Whether somebody can still ask for it (TRANGTHAI)."""

    IN_FORCE = "in_force"
    REPEALED = "repealed"


class ProcedurePaper(Strict):
    """A paper that the file must have (GIAYTO): how many originals and copies."""

    code: Annotated[str, Field(max_length=64)] = ""
    name: Name
    originals: Count = 0
    copies: Count = 0


class ProcedureWay(Strict):
    """A channel (KENH: 1 at the counter, 2 online, 3 by post) with its time and fee in đồng."""

    channel: Annotated[str, Field(pattern=r"^[1-3]$")]
    working_days: WorkingDays
    fee: Money = 0


class ProcedureAgency(Strict):
    """An agency that decides (COQUANCOTHAMQUYEN)."""

    id: OrganizationId
    name: Text = ""


class Procedure(Strict):
    """Data of `procedure.published` (LayThuTuc): one version, whole. `working_days` is the time allowed; 0 = within the day.

    `version` is the decision of publication (IDQUYETDINHCONGBO), since the wire counts no versions; `level` is the first of `levels`.
    `working_days` and `fee` are those at the counter; what other channels have instead is in `ways`.
    """

    code: ProcedureCode
    name: Name
    publisher_id: OrganizationId
    field_code: WireCode
    field_name: Name
    level: Level
    working_days: WorkingDays
    decision: Text = ""
    public: bool = True
    version: Annotated[str, Field(max_length=100)] = ""
    state: Annotated[ProcedureState, Field(strict=False)] = ProcedureState.IN_FORCE
    levels: Annotated[tuple[Level, ...], Field(strict=False, max_length=200)] = ()
    fee: Money = 0
    ways: Annotated[tuple[ProcedureWay, ...], Field(strict=False, max_length=200)] = ()
    papers: Annotated[tuple[ProcedurePaper, ...], Field(strict=False, max_length=200)] = ()
    agencies: Annotated[tuple[ProcedureAgency, ...], Field(strict=False, max_length=200)] = ()
