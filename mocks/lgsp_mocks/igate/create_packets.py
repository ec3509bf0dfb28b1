"""Body of iGate's own create-dossier call: the names and types of a recorded request (scrubbed); what it lacks is marked as assumed."""

# ruff: noqa: N815 - the wire's names

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from lgsp.standards.faults import bilingual
from lgsp.standards.identifiers import check_citizen_id
from lgsp_mocks.igate.packets import of_our_time

__all__ = ["ApplicantData", "CreateDossier", "FormFile", "read_wire_moment"]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")


def read_wire_moment(value: str) -> datetime:
    """`1990-01-01T17:00:00.000+0000`."""
    try:
        # strptime alone would take a month of one digit, and any number of digits behind the second.
        return datetime.strptime(value if _MOMENT.fullmatch(value) else "", "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError as exc:
        raise bilingual(
            "moment",
            f"{value!r:.40} is no moment of the calendar like 2026-11-23T08:00:00.000+0700",
            f"{value!r:.40} không phải thời điểm có thật, viết như 2026-11-23T08:00:00.000+0700",
        ) from exc


def _moment(value: str) -> str:
    if value:
        read_wire_moment(value)
    return value


def _dated(value: str) -> str:
    if value:
        of_our_time(read_wire_moment(value))
    return value


def _citizen(value: str) -> str:
    if value:
        check_citizen_id(value)
    return value


Text = Annotated[str, Field(max_length=500)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
OptionalCode = Annotated[str, Field(max_length=64)]
ObjectId = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{24}$")]
Moment = Annotated[str, AfterValidator(_moment)]
Dated = Annotated[str, AfterValidator(_dated)]


class Wire(BaseModel):
    """A number is no text and a text no number; fields that are not listed are kept."""

    model_config = ConfigDict(extra="allow", strict=True)


class Name(Wire):
    """One name in one language."""

    languageId: Literal[228, 46]
    name: Annotated[str, Field(min_length=1, max_length=500)]


def _vietnamese(names: list[Name]) -> list[Name]:
    if not any(one.languageId == 228 for one in names):
        raise bilingual(
            "names", "has no Vietnamese name (languageId 228)", "thiếu tên tiếng Việt (languageId 228)"
        )
    return names


Names = Annotated[list[Name], Field(max_length=10), AfterValidator(_vietnamese)]


class Ref(Wire):
    """Something of iGate's own by its id."""

    id: ObjectId


class NamedRef(Ref):
    """With its names."""

    name: Names


class Sector(NamedRef):
    """Lĩnh vực."""

    code: Code


class ProcedureRef(Ref):
    """Thủ tục. Without `code` it is the one whose id that is (assumed)."""

    code: OptionalCode = ""
    translate: Names
    sector: Sector


class Place(Wire):
    """A choice in the form."""

    label: Text
    value: ObjectId


class Issuer(Wire):
    """identityAgency."""

    id: ObjectId | None = None
    name: Text = ""


class ApplicantData(Wire):
    """The applicant's form. chonDoiTuong: 1 citizen, 2 enterprise, 3 household business (assumed; the recording has 1)."""

    ownerFullname: Text = ""
    fullname: Text = ""
    birthday: Moment = ""
    gender: Text | int | None = ""
    email: Text = ""
    phoneNumber: Annotated[str, Field(pattern=r"^\+?[\d ().-]{0,30}$")] = ""
    identityNumber: Annotated[str, AfterValidator(_citizen)] = ""
    identityDate: Moment = ""
    identityAgency: Issuer | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    noidungyeucaugiaiquyet: Annotated[str, Field(max_length=2000)] = ""
    chonDoiTuong: Literal[1, 2, 3] = 1
    nation: Place | None = None
    province: Place | None = None
    district: Place | None = None
    village: Place | None = None
    address: Text = ""

    @property
    def owner(self) -> str:
        """Chủ hồ sơ; where nobody is named apart, the one who applies."""
        return self.ownerFullname.strip() or self.fullname.strip()

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if not self.owner:
            raise bilingual(
                "owner", "ownerFullname or fullname is needed", "thiếu ownerFullname hoặc fullname"
            )
        issued_early = (
            self.birthday
            and self.identityDate
            and read_wire_moment(self.identityDate) < read_wire_moment(self.birthday)
        )
        if issued_early:
            raise bilingual(
                "identityDate", "identityDate is before birthday", "identityDate sớm hơn birthday"
            )
        return self


class Applicant(Wire):
    """applicant."""

    userId: ObjectId | None = None
    eformId: ObjectId | None = None
    data: ApplicantData


class Eform(Wire):
    """eForm: free by procedure."""

    id: ObjectId | None = None
    data: dict[str, JsonValue] = {}


class Unit(Ref):
    """The unit that takes the dossier in, and numbers it. Without `code` it is the one whose id that is (assumed)."""

    code: OptionalCode = ""
    name: Names
    tag: list[NamedRef] = []


class Agency(Wire):
    """agency: `parent` is the unit, as recorded; `ancestors` those above it."""

    parent: Unit
    ancestors: list[NamedRef] = []


class UploadedFile(Wire):
    """A file that fileman holds already (assumed; the recording has no files)."""

    id: ObjectId
    filename: Text = ""


class FormFile(Wire):
    """dossierFormFile: a paper of the dossier (assumed; the recording's list is empty)."""

    code: Text = ""
    name: Text = ""
    file: Annotated[list[UploadedFile], Field(max_length=50)] = []


class Fee(Wire):
    """dossierFee (assumed; the recording's list is empty). `amount` in đồng."""

    code: Text = ""
    name: Annotated[str, Field(min_length=1, max_length=500)]
    amount: Annotated[int, Field(ge=0)]


class Process(Ref):
    """processDefinition."""

    name: Text = ""
    processingTime: Annotated[float, Field(ge=0)] = 0
    processingTimeUnit: Text = "d"


class ProcessRef(Ref):
    """procedureProcessDefinition."""

    processDefinition: Process


class PaymentMethod(Ref):
    """paymentMethod; its name is a plain text."""

    name: Text = ""
    code: Text | None = None


class Level(NamedRef):
    """agencyLevel."""

    code: Code


class CreateDossier(Wire):
    """The call. Without `code` iGate numbers the dossier itself; acceptedDate and appointmentDate are the search's names (assumed here)."""

    code: Annotated[str, Field(max_length=64)] = ""
    codePattern: Ref | None = None
    procedure: ProcedureRef
    dossierFormFile: Annotated[list[FormFile], Field(max_length=200)] = []
    dossierFee: Annotated[list[Fee], Field(max_length=100)] = []
    dossierReceivingKind: NamedRef | None = None
    applicant: Applicant
    eForm: Eform = Eform()
    agency: Agency
    paymentData: dict[str, JsonValue] = {}
    paymentMethod: PaymentMethod | None = None
    procedureProcessDefinition: ProcessRef | None = None
    agencyLevel: Level | None = None
    procedureLevel: NamedRef | None = None
    dossierTaskStatus: NamedRef | None = None
    dossierMenuTaskRemind: NamedRef | None = None
    dossierStatus: Literal[0]
    acceptedDate: Dated = ""
    appointmentDate: Dated = ""
