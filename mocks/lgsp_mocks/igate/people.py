"""The officers of the one-stop shop, and what a person does at its counter."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp_mocks.igate.dossiers import Dossiers, IllegalStepError, drafts_of, iso
from lgsp_mocks.igate.drafts import RETURNED, Drafts
from lgsp_mocks.igate.life import Answer, Life, pauses_of
from lgsp_mocks.igate.procedures import NotOfferedError
from lgsp_mocks.kit import Citizen, Context, Record
from lgsp_mocks.kit.front import FormRoute
from lgsp_mocks.kit.problems import RefusedError

__all__ = ["People", "applicant_of"]


class AttachedFile(BaseModel):
    """A paper as it was scanned at the counter."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str


class ReceiveAtCounter(BaseModel):
    """What the officer at the counter enters; `by_post`: who hands it in sent it by the public post (QĐ 45/2016/QĐ-TTg)."""

    model_config = ConfigDict(extra="forbid")

    procedure: str
    citizen: str | None = None
    unit: str | None = None
    by_post: bool = False
    abstract: Annotated[str, Field(max_length=900)] = ""
    documents: Annotated[list[AttachedFile], Field(max_length=50)] = []


class AtCounter(BaseModel):
    """What a citizen does at the counter with a dossier that is there already."""

    model_config = ConfigDict(extra="forbid")

    code: str
    content: Annotated[str, Field(max_length=900)] = ""
    documents: Annotated[list[AttachedFile], Field(max_length=50)] = []


class Move(AtCounter):
    """What an officer decides by hand: the state that comes next (2 accepted, 3 refused, 5 papers, 6 fee, 8 stopped, 9 resolved …)."""

    to: Annotated[str, Field(pattern=r"^([2-9]|10)$")]


class Resubmit(AtCounter):
    """What an officer does with a draft that the leader returned: `content` says what was changed, `documents` replace the draft."""

    abstract: Annotated[str, Field(max_length=900)] = ""


class People:
    """One step per dossier and round."""

    def __init__(self, context: Context, dossiers: Dossiers, life: Life, drafts: Drafts) -> None:
        self._context = context
        self._dossiers = dossiers
        self._life = life
        self._drafts = drafts

    def router(self) -> APIRouter:
        """What a user does."""
        router = APIRouter(route_class=FormRoute)

        @router.post("/__mock__/act/receive-at-counter", status_code=201)
        async def receive_at_counter(body: ReceiveAtCounter) -> Record:
            return self.receive(body)

        @router.post("/__mock__/act/supplement")
        async def supplement(body: AtCounter) -> Record:
            return self._answer("5", body, "Nộp giấy tờ bổ sung tại quầy")

        @router.post("/__mock__/act/pay")
        async def pay(body: AtCounter) -> Record:
            return self._answer("6", body, "Nộp phí, lệ phí tại quầy")

        @router.post("/__mock__/act/withdraw")
        async def withdraw(body: AtCounter) -> Record:
            dossier = self._at_counter(body.code)
            reason = body.content or "Công dân yêu cầu rút hồ sơ tại quầy"
            return self._done(lambda: self._life.move(dossier, "7", reason))

        @router.post("/__mock__/act/move")
        async def move(body: Move) -> Record:
            dossier = self._at_counter(body.code)
            return self._done(lambda: self._life.move(dossier, body.to, body.content))

        @router.post("/__mock__/act/resubmit")
        async def resubmit(body: Resubmit) -> Record:
            return self._resubmit(body)

        return router

    def _resubmit(self, body: Resubmit) -> Record:
        dossier = self._at_counter(body.code)
        note, files = body.content or "Đã chỉnh sửa theo ý kiến lãnh đạo", self._scanned(body)
        answer = self._done(lambda: self._drafts.resubmit(dossier, note, body.abstract, files))
        return {**answer, "round": len(drafts_of(self._at_counter(body.code)))}

    def _answer(self, kind: str, body: AtCounter, content: str) -> Record:
        dossier = self._at_counter(body.code)
        files = self._scanned(body)
        at = iso(self._context.clock.now())
        answer = Answer(kind, body.content or content, at, files=files)
        return self._done(lambda: self._life.answer(dossier, answer))

    def _scanned(self, body: AtCounter) -> tuple[Record, ...]:
        contents = [(file.name, _content(index, file)) for index, file in enumerate(body.documents)]
        return tuple(self._dossiers.keep(name, content, "") for name, content in contents)

    def _at_counter(self, code: str) -> Record:
        dossier = self._dossiers.find(code=code)
        if dossier is None:
            raise RefusedError(404, f"code: no dossier {code!r}", f"code: không có hồ sơ {code!r}")
        return dossier

    def _done(self, act: Callable[[], Record]) -> Record:
        try:
            dossier = act()
        except IllegalStepError as exc:
            raise HTTPException(409, str(exc)) from exc
        return {"code": dossier["code"], "status": dossier["status"], "due_at": dossier["due_at"]}

    def receive(self, body: ReceiveAtCounter) -> Record:
        """A dossier handed in at the counter is accepted at once."""
        population = self._context.population
        try:
            procedure, version = self._dossiers.procedures.take(body.procedure)
        except NotOfferedError as exc:
            raise HTTPException(422, f"procedure: {exc}") from exc
        citizen = population.citizen(body.citizen) if body.citizen else population.citizens[0]
        unit = population.agency(body.unit or procedure.unit_id)
        if citizen is None:
            raise RefusedError(
                422, f"citizen: unknown id {body.citizen!r}", f"citizen: không có công dân {body.citizen!r}"
            )
        if unit is None or not unit.province:
            wrong = body.unit or procedure.unit_id
            raise RefusedError(
                422,
                f"unit: {wrong!r} is no one-stop shop of the province",
                f"unit: {wrong!r} không phải bộ phận một cửa của tỉnh",
            )
        files: list[JsonValue] = [
            self._dossiers.keep(file.name, _content(index, file), "")
            for index, file in enumerate(body.documents)
        ]
        fields: Record = {
            "channel": "3" if body.by_post else "1", "abstract": body.abstract or procedure.name, "files": files,
            "procedure_version": version,
        }  # fmt: skip
        dossier = self._dossiers.accept(self._dossiers.add(procedure, unit, applicant_of(citizen), fields))
        return {"code": dossier["code"], "id": dossier["id"]}

    async def tick(self) -> int:
        """The number of dossiers that moved."""
        return sum(self._move(dossier) for dossier in self._dossiers.moving())

    def _move(self, dossier: Record) -> bool:
        abstract, status = str(dossier["abstract"]), str(dossier["status"])
        if status in {"2", "4"} and self._dossiers.is_late(dossier):
            self._dossiers.apologize(dossier)
            return True
        if status == "4" and "[chờ]" in abstract:
            return False
        return self._next_step(dossier, status, abstract)

    def _next_step(self, dossier: Record, status: str, abstract: str) -> bool:
        match status:
            case "1" if "[từ chối]" in abstract:
                refusal = "Không tiếp nhận: thành phần hồ sơ không hợp lệ (Mẫu 03)"
                self._life.move(dossier, "3", refusal)
            case "1":
                self._life.move(dossier, "2", "")
            case "2" if "[bổ sung]" in abstract and _never_asked(dossier, "5"):
                request = "Yêu cầu bổ sung, hoàn thiện hồ sơ: bản sao giấy tờ tùy thân (Mẫu 02)"
                self._life.move(dossier, "5", request)
            case "2":
                self._life.move(dossier, "4", "Chuyển phòng chuyên môn thụ lý")
            case "4" if "[lệ phí]" in abstract and _never_asked(dossier, "6"):
                self._life.move(dossier, "6", "Yêu cầu nộp phí, lệ phí giải quyết hồ sơ")
            case "4":
                return self._decide(dossier)
            case "9":
                self._dossiers.give_back(dossier)
            case _:
                return False
        return True

    def _decide(self, dossier: Record) -> bool:
        """A draft that needs a signature goes to the leader, and goes again when it was returned, until it is signed."""
        procedure = self._dossiers.procedures.of(dossier)
        rounds = drafts_of(dossier)
        if procedure is not None and procedure.needs_signature:
            match str(rounds[-1]["state"]) if rounds else "":
                case "":
                    self._drafts.submit(dossier)
                    return True
                case "waiting":
                    return False
                case state if state == RETURNED:
                    self._drafts.resubmit(dossier, f"Đã chỉnh sửa: {rounds[-1]['opinion']}"[:900])
                    return True
        self._dossiers.finish(dossier)
        return True


def _never_asked(dossier: Record, kind: str) -> bool:
    return all(pause["kind"] != kind for pause in pauses_of(dossier))


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
        place = f"documents/{index}/content_base64"
        raise RefusedError(422, f"{place}: {exc}", f"{place}: không phải base64") from exc
