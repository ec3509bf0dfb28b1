"""registerAgency, updateAgency, deleteAgency; and what an operator of the axis does, beside the wire: lock an agency."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lgsp.standards import identifiers
from lgsp.standards.faults import pydantic_faults
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis.exchange import Exchange
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.kit import Record

__all__ = ["Registration"]

Line = Annotated[str, Field(max_length=500)]


class AgencyBody(BaseModel):
    """What the real client sends; Java's null is an empty field."""

    model_config = ConfigDict(extra="ignore")

    id: Line | int | None = None
    code: Line = ""
    code102: Line | None = None
    name: Line | None = None
    pcode: Line | None = None
    mail: Line | None = None
    mobile: Line | None = None
    fax: Line | None = None


class Lock(BaseModel):
    """What the operator fills in."""

    model_config = ConfigDict(extra="forbid")

    code: str
    locked: bool = True


class Registration:
    """Each system keeps its own agencies."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def router(self) -> APIRouter:
        """What the operator does."""
        router = APIRouter()

        @router.post("/__mock__/act/lock-agency")
        async def lock_agency(body: Lock) -> Record:
            agency = self._exchange.agency(body.code)
            if agency is None:
                raise HTTPException(422, f"code: no agency {body.code}")
            return self._exchange.register(str(agency["organ_id"]), {"closed": body.locked})

        return router

    def register(self, system: str, body: bytes) -> Record:
        """A new agency, or a new version of the system's own.

        Raises:
            Refusal: not readable, no id, no name, or another system's.
        """
        agency = _read(body)
        for value in (agency.code, agency.code102 or agency.code):
            if not identifiers.is_organization_id(value):
                raise Refusal(ErrorCode.BAD_FILE, f"mã định danh {value!r} sai định dạng")
        before = self._exchange.agency(agency.code) or self._exchange.agency(agency.code102 or "")
        if before is None and not agency.name:
            raise Refusal(ErrorCode.BAD_FILE, "name: thiếu trường bắt buộc")
        fields: Record = {
            "code": agency.code, "code102": agency.code102 or agency.code, "name": "", "pcode": "", "mail": "", "mobile": "",
            "fax": "", "closed": False,
        }  # fmt: skip
        record = self._write(system, agency, before, fields)
        if agency.code102:  # now both forms are known, whichever was there before
            forms: Record = {"code": agency.code, "code102": agency.code102}
            self._exchange.register(str(record["organ_id"]), forms)
        return record

    def change(self, system: str, body: bytes) -> Record:
        """A new version of a registered agency, found by its code or its number.

        Raises:
            Refusal: not readable, not registered, or another system's.
        """
        agency = _read(body)
        before = self._find(agency)
        if before is None:
            raise Refusal(ErrorCode.UNKNOWN_SENDER, agency.code or str(agency.id or ""))
        return self._write(system, agency, before, {})

    def delete(self, system: str, body: bytes) -> None:
        """Strike off the register; what it has sent and received stays.

        Raises:
            Refusal: not readable, or not registered by this system.
        """
        agency = _read(body)
        before = self._find(agency)
        if before is None or before["system"] != system:
            raise Refusal(ErrorCode.UNKNOWN_SENDER, agency.code or str(agency.id or ""))
        self._exchange.agencies.delete(str(before["organ_id"]))

    def _find(self, agency: AgencyBody) -> Record | None:
        return self._exchange.agency(agency.code) or self._exchange.directory.numbered(str(agency.id or ""))

    def _write(self, system: str, agency: AgencyBody, before: Record | None, defaults: Record) -> Record:
        if before is not None and before["system"] != system:
            raise Refusal(ErrorCode.BAD_CREDENTIALS, f"{agency.code} thuộc hệ thống khác")
        given: Record = {
            name: value
            for name, value in agency.model_dump(exclude={"id", "code", "code102"}).items()
            if value is not None
        }
        organ_id = str(before["organ_id"]) if before else agency.code102 or agency.code
        return self._exchange.register(organ_id, {**defaults, **(before or {}), **given, "system": system})


def _read(body: bytes) -> AgencyBody:
    try:
        return AgencyBody.model_validate_json(body)
    except ValidationError as exc:
        faults = "; ".join(f"{fault.place or '/'}: {fault.message_vi}" for fault in pydantic_faults(exc))
        raise Refusal(ErrorCode.BAD_FILE, faults) from exc
