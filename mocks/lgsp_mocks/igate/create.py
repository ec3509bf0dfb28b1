"""`POST /pa/dossier`, and the numbers that go with it: iGate's own way of making a dossier, at any unit of the province."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query
from pydantic import JsonValue

from lgsp.clock import VIETNAM
from lgsp_mocks.igate.create_packets import CreateDossier, FormFile, read_wire_moment
from lgsp_mocks.igate.dossiers import Dossiers, iso
from lgsp_mocks.igate.ids import Units, object_id
from lgsp_mocks.igate.numbers import HOLD_S, NumberError, parts_of
from lgsp_mocks.igate.procedures import NotOfferedError, Procedures
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.kit import Agency, Context, Procedure, Record

__all__ = ["Create"]

_Faults = Iterator[tuple[str, str]]


class Create:
    """Checks everything, then stores; a refusal leaves no trace and uses no number."""

    def __init__(self, context: Context, dossiers: Dossiers, tokens: Tokens) -> None:
        self._context = context
        self._dossiers = dossiers
        self._tokens = tokens
        self._units = Units(context)

    def router(self) -> APIRouter:
        """The call, and the two that give a number for it."""
        router = APIRouter(route_class=WireRoute, dependencies=[Depends(self._tokens.check)])
        router.add_api_route("/pa/dossier", self._create, methods=["POST"])
        router.add_api_route("/bd/config/get-pattern", self._pattern)
        router.add_api_route("/bt/pattern/{pattern_id}/--get-next-value", self._next_value)
        return router

    async def _create(self, body: CreateDossier) -> Record:
        told = _digest(body)
        before = self._dossiers.find(code=body.code)
        if before is not None:
            if before.get("told") != told:
                raise WireError(
                    400,
                    "code",
                    f"Mã {body.code} đã thuộc về hồ sơ khác nội dung / another dossier has that number",
                )
            return _done(before)
        faults = list(self._faults(body))
        if faults:
            raise WireError(400, faults[0][0], "; ".join(f"{place}: {text}" for place, text in faults))
        return _done(self._store(body, told))

    def _faults(self, body: CreateDossier) -> _Faults:
        unit, told = self._unit(body), body.agency.parent
        if unit is None:
            yield (
                "agency.parent.code",
                f"Đơn vị {told.code or told.id} không tồn tại trong tỉnh / unknown unit",
            )
        else:
            if self._units.find(told.id) not in {None, unit}:
                yield "agency.parent.id", f"{told.id} là id của đơn vị khác / the id of another unit"
            yield from self._number_faults(body, unit)
        yield from self._procedure_faults(body)
        yield from self._date_faults(body)
        for file_id in _files(body.dossierFormFile):
            if file_id not in self._dossiers.files:
                yield "dossierFormFile", f"Tệp {file_id} chưa được tải lên / that file was never uploaded"

    def _number_faults(self, body: CreateDossier, unit: Agency) -> _Faults:
        if body.codePattern is not None and self._pattern_unit(body.codePattern.id) not in {"", unit.id}:
            yield "codePattern.id", "mẫu số của đơn vị khác / a pattern of another unit"
        if not body.code:
            return
        try:
            self._dossiers.numbers.check(body.code, unit)
        except (NumberError, ValueError) as exc:
            yield "code", str(exc)
            return
        # A number that was fetched just before midnight is still good just after it.
        day, now = parts_of(body.code)[1], self._context.clock.now().astimezone(VIETNAM)
        accepted = read_wire_moment(body.acceptedDate).astimezone(VIETNAM) if body.acceptedDate else now
        if day not in {accepted.date(), (accepted - timedelta(seconds=HOLD_S)).date()}:
            yield "code", f"ngày {day} trong mã không phải ngày tiếp nhận / the number is of another day"

    def _procedure_faults(self, body: CreateDossier) -> _Faults:
        wire, procedures = body.procedure, self._dossiers.procedures
        try:
            procedure, _ = procedures.take(_code(body, procedures))
        except NotOfferedError as exc:
            yield "procedure.code", str(exc)
            return
        if procedures.code_of(wire.id) not in {wire.id, procedure.code}:
            yield "procedure.id", f"{wire.id} là id của thủ tục khác / the id of another procedure"
        if wire.sector.code == procedure.field_code:
            return
        known = any(one.field_code == wire.sector.code for one in self._context.population.procedures)
        what = f"không phải lĩnh vực của {procedure.code}" if known else "không tồn tại"
        what_en = f"is not the field of {procedure.code}" if known else "is no field"
        yield "procedure.sector.code", f"Lĩnh vực {wire.sector.code} {what} / {wire.sector.code} {what_en}"

    def _date_faults(self, body: CreateDossier) -> _Faults:
        now, who = self._context.clock.now(), body.applicant.data
        past = (("applicant.data.birthday", who.birthday), ("applicant.data.identityDate", who.identityDate),
                ("acceptedDate", body.acceptedDate))  # fmt: skip
        for place, value in past:
            if value and read_wire_moment(value) > now:
                yield place, f"{value} ở tương lai / is in the future"
        accepted = read_wire_moment(body.acceptedDate) if body.acceptedDate else now
        if body.appointmentDate and read_wire_moment(body.appointmentDate) <= accepted:
            yield "appointmentDate", "ngày hẹn trả không sau ngày tiếp nhận / due before it was taken in"

    def _store(self, body: CreateDossier, told: str) -> Record:
        procedures = self._dossiers.procedures
        procedure, version = procedures.take(_code(body, procedures))
        unit = cast("Agency", self._unit(body))
        accepted = read_wire_moment(body.acceptedDate) if body.acceptedDate else self._context.clock.now()
        numbers = self._dossiers.numbers
        if body.code:
            numbers.take(body.code, unit)
        fields: Record = {
            "code": body.code or numbers.next(unit, accepted.astimezone(VIETNAM).date()), "procedure_version": version, "told": told,
            "channel": _channel(body), "abstract": _abstract(body, procedure), "files": self._papers(body.dossierFormFile),
            "told_accepted_at": _vietnamese(body.acceptedDate), "told_due_at": _vietnamese(body.appointmentDate), "eform": body.eForm.data,
            "eform_id": body.eForm.id or "", "applicant_form": body.applicant.model_dump(mode="json", exclude_unset=True),
        }  # fmt: skip
        if body.acceptedDate:
            fields["submitted_at"] = fields["told_accepted_at"]
        if body.dossierFee:
            fields["fees"] = [
                {"code": fee.code, "name": fee.name, "amount": fee.amount} for fee in body.dossierFee
            ]
        return self._dossiers.add(procedure, unit, _applicant(body), fields)

    def _papers(self, forms: list[FormFile]) -> list[JsonValue]:
        papers: list[JsonValue] = []
        for form in forms:
            for file in form.file:
                held = self._dossiers.files.get(file.id) or {}
                name = file.filename or form.name or str(held.get("name", ""))
                papers.append({"id": file.id, "name": name, "size": held.get("size", 0), "code": form.code})
        return papers

    def _unit(self, body: CreateDossier) -> Agency | None:
        return self._units.find(body.agency.parent.code or body.agency.parent.id)

    async def _pattern(
        self,
        agency_id: Annotated[str, Query(alias="agency-id")],
        procedure_id: Annotated[str, Query(alias="procedure-id")] = "",
    ) -> Record:
        """One pattern per unit, whatever the procedure; either is named by its id or its code."""
        unit, procedures = self._units.find(agency_id), self._dossiers.procedures
        if unit is None:
            raise WireError(400, "agency-id", f"Đơn vị {agency_id} không tồn tại / unknown unit")
        if procedure_id and not procedures.versions(procedures.code_of(procedure_id)):
            raise WireError(400, "procedure-id", f"Thủ tục {procedure_id} không tồn tại / unknown procedure")
        agency: Record = {"id": object_id("agency", unit.id), "code": unit.id}
        return {"id": _pattern_id(unit), "procedureId": procedure_id, "agency": agency}

    async def _next_value(self, pattern_id: str, code: str = "") -> Record:
        """`code` is the procedure's; the number is held for `HOLD_S`."""
        unit = self._context.population.agency(self._pattern_unit(pattern_id))
        if unit is None:
            raise WireError(404, "404", f"Không tìm thấy mẫu số {pattern_id}")
        if code and not self._dossiers.procedures.versions(code):
            raise WireError(400, "code", f"Mã thủ tục {code} không tồn tại / unknown procedure")
        return {"value": self._dossiers.numbers.hold(unit)}

    def _pattern_unit(self, pattern_id: str) -> str:
        found = (one.id for one in self._context.population.provincial() if _pattern_id(one) == pattern_id)
        return next(found, "")


def _pattern_id(unit: Agency) -> str:
    return object_id("pattern", unit.id)


def _code(body: CreateDossier, procedures: Procedures) -> str:
    return body.procedure.code or procedures.code_of(body.procedure.id)


def _digest(body: CreateDossier) -> str:
    """What the call says; the same call again is a repeat."""
    told = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _files(forms: list[FormFile]) -> Iterator[str]:
    return (file.id for form in forms for file in form.file)


def _channel(body: CreateDossier) -> str:
    """KenhThucHien by the name of the kind of intake (assumed: only "Nhận trực tiếp" was recorded)."""
    kind = body.dossierReceivingKind
    name = " ".join(one.name for one in kind.name).lower() if kind else ""
    return "3" if "bưu chính" in name else "2" if "trực tuyến" in name else "1"


def _abstract(body: CreateDossier, procedure: Procedure) -> str:
    who = body.applicant.data
    return (who.noidungyeucaugiaiquyet.strip() or who.note.strip() or procedure.name)[:900]


def _applicant(body: CreateDossier) -> Record:
    """As it was sent, with the fields that every dossier here has."""
    who = body.applicant.data
    return {
        **who.model_dump(mode="json", exclude_unset=True),
        "ownerFullname": who.owner, "fullname": who.fullname.strip() or who.owner, "identityNumber": who.identityNumber,
        "email": who.email, "phoneNumber": who.phoneNumber, "address": who.address,
        "kind": str(who.chonDoiTuong - 1), "birthday": who.birthday,
    }  # fmt: skip


def _vietnamese(value: str) -> str:
    return iso(datetime.astimezone(read_wire_moment(value), VIETNAM)) if value else ""


def _done(dossier: Record) -> Record:
    return {"id": dossier["id"], "code": dossier["code"], "affectedRows": 1}
