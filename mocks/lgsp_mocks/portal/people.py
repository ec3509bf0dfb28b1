"""What citizens do on the portal: submit a dossier, and look how it fares."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.clock import VIETNAM
from lgsp.errors import Fault
from lgsp.standards import dvcqg
from lgsp.standards.dossier_life import STATES
from lgsp.standards.faults import bilingual, pydantic_faults
from lgsp.standards.identifiers import check_citizen_id, dossier_code
from lgsp_mocks.kit.population import Agency, Citizen, Procedure
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.dossiers import BORN_HERE
from lgsp_mocks.portal.outbox import Outbox
from lgsp_mocks.portal.publishing import Catalogue
from lgsp_mocks.portal.reply import problem

__all__ = ["Document", "next_national_code", "papers_of", "people_routes"]

NATIONAL_UNIT = "G22.99.99"
"""Unit part of dossiers that are born on the portal, as their numbers are seen in public."""


def _check_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise bilingual("base64", "is not base64", "không phải chuỗi base64 hợp lệ") from exc
    return value


class Document(BaseModel):
    """A paper that the citizen hands in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    content_base64: Annotated[str, AfterValidator(_check_base64)]


class Submission(BaseModel):
    """What the citizen types; who does not say who they are is some citizen of the province."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    procedure: str
    citizen: Annotated[str, AfterValidator(check_citizen_id)] | None = None
    unit: str | None = None
    abstract: Annotated[str, StringConstraints(max_length=1000)] = ""
    documents: Annotated[list[Document], Field(max_length=50)] = Field(default_factory=list)


def people_routes(context: Context, outbox: Outbox) -> Sequence[BaseRoute]:
    """Routes below /__mock__/act."""

    async def submit(request: Request) -> JSONResponse:
        try:
            submission = Submission.model_validate_json(await request.body())
        except ValidationError as exc:
            return problem(422, "The submission is not valid", pydantic_faults(exc))
        found = _resolve(context, submission)
        if isinstance(found, Fault):
            return problem(422, "The submission is not valid", [found])
        code = _submit(context, outbox, submission, found)
        return JSONResponse({"national_code": code}, status_code=201)

    async def view(request: Request) -> JSONResponse:
        code = request.path_params["code"]
        dossier = context.state.table("dossiers").get(code)
        if dossier is None:
            return problem(404, f"No dossier {code}")
        return JSONResponse(dossier | {"TenTrangThai": STATES[str(dossier["TrangThaiHoSo"])].name_vi})

    return [
        Route("/__mock__/act/submit-dossier", submit, methods=["POST"]),
        Route("/__mock__/act/dossiers/{code}", view, methods=["GET"]),
    ]


Found = tuple[Procedure, Citizen, Agency]


def _resolve(context: Context, submission: Submission) -> Found | Fault:
    people = context.population
    procedure = Catalogue(context).in_force(submission.procedure)
    if procedure is None:
        return _unknown("procedure", submission.procedure)
    unit = people.agency(submission.unit or procedure.unit_id)
    if unit is None or not unit.province:
        return _unknown("unit", submission.unit or procedure.unit_id)
    if submission.citizen is None:
        return procedure, people.citizens[context.state.next("citizen") % len(people.citizens)], unit
    citizen = people.citizen(submission.citizen)
    return (procedure, citizen, unit) if citizen else _unknown("citizen", submission.citizen)


def _unknown(field: str, value: str) -> Fault:
    return Fault(
        "portal.unknown", f"/{field}", f"{value!r} is not known here", f"không có {value!r} trong danh mục"
    )


def _submit(context: Context, outbox: Outbox, submission: Submission, found: Found) -> str:
    now = context.clock.now()
    code = next_national_code(context)
    common = _common(code, dvcqg.write_stamp(now), submission, found)
    files: list[JsonValue] = [
        {"TenTepDinhKem": document.name, "Base64": document.content_base64}
        for document in submission.documents
    ]
    context.state.table("dossiers").put(code, common | _portal_side(submission, found))
    outbox.add(
        code, common | {"DienThoai": found[1].telephone, "DiaChi": found[1].address, "TaiLieuNop": files}
    )
    return code


def next_national_code(context: Context) -> str:
    """A new dossier's number; counts from 1 on each day."""
    day = context.clock.now().astimezone(VIETNAM).date()
    return dossier_code(NATIONAL_UNIT, day, context.state.next(f"dossiers of {day:%y%m%d}"))


def papers_of(documents: Sequence[Document]) -> list[JsonValue]:
    """What was handed in, without the content."""
    papers: list[JsonValue] = []
    for document in documents:
        content = base64.b64decode(document.content_base64)
        digest = hashlib.sha256(content).hexdigest()
        papers.append({"TenTepDinhKem": document.name, "size": len(content), "sha256": digest})
    return papers


def _common(code: str, submitted: str, submission: Submission, found: Found) -> dict[str, JsonValue]:
    procedure, citizen, unit = found
    return {
        "MaHoSo": code,
        "MaTTHC": procedure.code,
        "TenTTHC": procedure.name,
        "NgayNopHoSo": submitted,
        "MaDonViTiepNhan": unit.id,
        "TrichYeuHoSo": submission.abstract or procedure.name,
        "ChuHoSo": citizen.name,
        "LoaiDoiTuong": "1",
        "Email": citizen.email,
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": citizen.id}],
    }


def _portal_side(submission: Submission, found: Found) -> dict[str, JsonValue]:
    procedure, citizen, unit = found
    return {
        "MaLinhVuc": procedure.field_code,
        "TenLinhVuc": procedure.field_name,
        "SoDienThoai": citizen.telephone,
        "KenhThucHien": "2",
        "TrangThaiHoSo": "1",
        "TaiLieuNop": papers_of(submission.documents),
        "nguon": BORN_HERE,
        "don_vi": unit.id,
        "tien_do": [],
        "ket_qua": [],
        "chuyen_ve_tinh": {"state": "waiting", "tries": 0, "message": ""},
    }
