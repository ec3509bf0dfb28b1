"""The officers of the one-stop shop, and what a person does at its counter."""

import base64
import binascii
from typing import Annotated, cast

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp_mocks.igate.dossiers import Dossiers
from lgsp_mocks.kit import Citizen, Context, Record

__all__ = ["People", "applicant_of"]


class AttachedFile(BaseModel):
    """A paper as it was scanned at the counter."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str


class ReceiveAtCounter(BaseModel):
    """What the officer at the counter enters."""

    model_config = ConfigDict(extra="forbid")

    procedure: str
    citizen: str | None = None
    abstract: Annotated[str, Field(max_length=900)] = ""
    documents: Annotated[list[AttachedFile], Field(max_length=50)] = []


class People:
    """One step per dossier and round."""

    def __init__(self, context: Context, dossiers: Dossiers) -> None:
        self._context = context
        self._dossiers = dossiers

    def router(self) -> APIRouter:
        """What a user does."""
        router = APIRouter()

        @router.post("/__mock__/act/receive-at-counter", status_code=201)
        async def receive_at_counter(body: ReceiveAtCounter) -> Record:
            return self.receive(body)

        return router

    def receive(self, body: ReceiveAtCounter) -> Record:
        """A dossier handed in at the counter is accepted at once."""
        population = self._context.population
        procedure = population.procedure(body.procedure)
        if procedure is None:
            raise HTTPException(422, f"procedure: unknown code {body.procedure!r}")
        citizen = population.citizen(body.citizen) if body.citizen else population.citizens[0]
        unit = population.agency(procedure.unit_id)
        if citizen is None or unit is None:
            raise HTTPException(422, f"citizen: unknown id {body.citizen!r}")
        files: list[JsonValue] = [
            self._dossiers.keep(file.name, _content(index, file), "")
            for index, file in enumerate(body.documents)
        ]
        fields: Record = {"channel": "1", "abstract": body.abstract or procedure.name, "files": files}
        dossier = self._dossiers.accept(self._dossiers.add(procedure, unit, applicant_of(citizen), fields))
        return {"code": dossier["code"], "id": dossier["id"]}

    async def tick(self) -> int:
        """The number of dossiers that moved."""
        return sum(self._move(dossier) for dossier in self._dossiers.table.values())

    def _move(self, dossier: Record) -> bool:
        match str(dossier["status"]):
            case "1" if "[từ chối]" in str(dossier["abstract"]):
                self._dossiers.step(dossier, "3", "Không tiếp nhận: thành phần hồ sơ không hợp lệ (Mẫu 03)")
            case "1":
                self._dossiers.accept(dossier)
            case "2":
                self._dossiers.step(dossier, "4", "Chuyển phòng chuyên môn thụ lý")
            case "4":
                return self._decide(dossier)
            case "9":
                self._dossiers.give_back(dossier)
            case _:
                return False
        return True

    def _decide(self, dossier: Record) -> bool:
        procedure = self._context.population.procedure(str(dossier["procedure_code"]))
        draft = dossier["draft"]
        if procedure is not None and procedure.needs_signature:
            if draft is None:
                self._dossiers.ask_for_signature(dossier)
                return True
            if cast("Record", draft)["state"] != "answered":
                return False
        self._dossiers.finish(dossier)
        return True


def applicant_of(citizen: Citizen) -> Record:
    """As the applicant's form has it."""
    return {
        "fullname": citizen.name, "identityNumber": citizen.id, "email": citizen.email, "phoneNumber": citizen.telephone,
        "address": citizen.address, "kind": "0",
    }  # fmt: skip


def _content(index: int, file: AttachedFile) -> bytes:
    try:
        return base64.b64decode(file.content_base64, validate=True)
    except binascii.Error as exc:
        raise HTTPException(422, f"documents/{index}/content_base64: {exc}") from exc
