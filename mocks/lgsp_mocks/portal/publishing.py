"""CSDL quốc gia TTHC on the portal: the catalogue with its versions, and what its editors do: publish, change, repeal."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError
from pydantic import Field as Limits
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.clock import VIETNAM
from lgsp.errors import Fault
from lgsp.standards.faults import pydantic_faults
from lgsp.standards.identifiers import check_organization_id, check_procedure_code
from lgsp_mocks.kit.procedures import PROCEDURES, PROVINCE, Procedure
from lgsp_mocks.kit.procedures_content import Edition, decision_id, first_edition, next_edition, read_edition
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.kit.state import Record
from lgsp_mocks.portal.reply import problem

__all__ = ["Catalogue", "publishing_routes"]

M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Unit = Annotated[str, AfterValidator(check_organization_id)]
Days = Annotated[int, Limits(ge=1, le=365)]
Money = Annotated[int, Limits(ge=0, le=1_000_000_000)]
Papers = Annotated[list[Name], Limits(min_length=1, max_length=50)]
HISTORY = 50


class Decided(BaseModel):
    """What every act names: the procedure, and the decision where it has a number of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, AfterValidator(check_procedure_code)]
    decision: Annotated[str, StringConstraints(max_length=100)] = ""


class Change(Decided):
    """What a new version changes; what is left out stays."""

    name: Name | None = None
    field_code: Name | None = None
    field_name: Name | None = None
    level: Annotated[str, StringConstraints(pattern=r"^[0-3]$")] | None = None
    working_days: Days | None = None
    unit_id: Unit | None = None
    fee: Money | None = None
    papers: Papers | None = None


class Publication(Decided):
    """A new procedure."""

    name: Name
    field_code: Name = "G15-TP03"
    field_name: Name = "Hộ tịch"
    level: Annotated[str, StringConstraints(pattern=r"^[0-3]$")] = "1"
    working_days: Days = 5
    publisher_id: Unit = PROVINCE
    unit_id: Unit = "000.00.03.H34"
    fee: Money = 0
    needs_signature: bool = False
    papers: Annotated[list[Name], Limits(max_length=50)] = []


class Catalogue:
    """Table `procedures` has those that were published, changed or repealed; the others are as the population has them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table = context.state.table("procedures")

    def edition(self, code: str) -> Edition | None:
        """The newest version, in force or repealed."""
        if (changed := self._table.get(code)) is not None:
            return read_edition(changed)
        procedure = self._context.population.procedure(code)
        return first_edition(procedure) if procedure else None

    def known(self, code: str) -> Procedure | None:
        """Whether in force or not: dossiers that were taken in go on after a repeal."""
        edition = self.edition(code)
        return edition.procedure if edition else None

    def in_force(self, code: str) -> Procedure | None:
        """One that a citizen can still ask for."""
        edition = self.edition(code)
        return edition.procedure if edition and edition.in_force else None

    def listed(self) -> Iterator[Procedure]:
        """Those in force, the first published first."""
        changed = {key: read_edition(record) for key, record in self._table.items()}
        seeded = self._context.population.procedures
        for procedure in seeded:
            edition = changed.pop(procedure.code, None)
            if edition is None:
                yield procedure
            elif edition.in_force:
                yield edition.procedure
        yield from (edition.procedure for edition in changed.values() if edition.in_force)

    def publish(self, body: Publication) -> Edition | Fault:
        """A new procedure, or one that comes back after its repeal."""
        before = self.edition(body.code)
        if before is not None and before.in_force:
            return _fault(body.code, "is in force already", "đang có hiệu lực, hãy dùng change-procedure")
        fields = body.model_dump(exclude={"decision", "papers"})
        number = before.procedure.number if before else PROCEDURES + self._context.state.next("procedure")
        inside = body.publisher_id == PROVINCE
        procedure = Procedure(**fields, number=number, synchronized=inside, papers=tuple(body.papers))
        if before is not None:
            return self._decide(before, procedure, body.decision, "publish", in_force=True)
        decision = body.decision or f"{number}/QĐ-UBND"
        edition = Edition(procedure, 1, True, decision, decision_id(procedure, 1), self._today().isoformat())
        return self._save(edition, "publish")

    def change(self, body: Change) -> Edition | Fault:
        """A new version of a procedure in force."""
        before = self.edition(body.code)
        if before is None or not before.in_force:
            return _fault(body.code, "is not in force", "không có hiệu lực")
        given = body.model_dump(exclude={"code", "decision"}, exclude_none=True)
        if not given:
            return Fault("portal.change", "", "nothing is changed", "không có nội dung thay đổi")
        if "papers" in given:
            given["papers"] = tuple(given["papers"])
        return self._decide(
            before, replace(before.procedure, **given), body.decision, "change", in_force=True
        )

    def repeal(self, body: Decided) -> Edition | Fault:
        """Bãi bỏ: nobody can ask for it any more."""
        before = self.edition(body.code)
        if before is None or not before.in_force:
            return _fault(body.code, "is not in force", "không có hiệu lực")
        return self._decide(before, before.procedure, body.decision, "repeal", in_force=False)

    def _decide(
        self, before: Edition, procedure: Procedure, decision: str, act: str, *, in_force: bool
    ) -> Edition:
        edition = next_edition(before, procedure, in_force=in_force, decision=decision, day=self._today())
        return self._save(edition, act)

    def _save(self, edition: Edition, act: str) -> Edition:
        code = edition.procedure.code
        before: Record = self._table.get(code) or {}
        told = before.get("history")
        line: JsonValue = {
            "version": edition.version,
            "act": act,
            "decision": edition.decision,
            "on": edition.decided_on,
        }
        history: list[JsonValue] = [*(told if isinstance(told, list) else []), line]
        self._table.put(code, {**edition.record(), "history": history[-HISTORY:]})
        return edition

    def _today(self) -> date:
        return self._context.clock.now().astimezone(VIETNAM).date()


def publishing_routes(catalogue: Catalogue) -> Sequence[BaseRoute]:
    """Routes below /__mock__/act."""

    async def publish(request: Request) -> JSONResponse:
        body = await _read(request, Publication)
        return body if isinstance(body, JSONResponse) else _answer(catalogue.publish(body), 201)

    async def change(request: Request) -> JSONResponse:
        body = await _read(request, Change)
        return body if isinstance(body, JSONResponse) else _answer(catalogue.change(body))

    async def repeal(request: Request) -> JSONResponse:
        body = await _read(request, Decided)
        return body if isinstance(body, JSONResponse) else _answer(catalogue.repeal(body))

    acts = {"publish-procedure": publish, "change-procedure": change, "repeal-procedure": repeal}
    return [Route(f"/__mock__/act/{name}", act, methods=["POST"]) for name, act in acts.items()]


async def _read(request: Request, model: type[M]) -> M | JSONResponse:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as exc:
        return problem(422, "The act is not valid", pydantic_faults(exc))


def _answer(edition: Edition | Fault, status: int = 200) -> JSONResponse:
    if isinstance(edition, Fault):
        return problem(409, edition.message, [edition])
    body: Record = {
        "code": edition.procedure.code, "version": edition.version, "in_force": edition.in_force, "decision": edition.decision,
        "decision_id": edition.decision_id,
    }  # fmt: skip
    return JSONResponse(body, status_code=status)


def _fault(code: str, message: str, message_vi: str) -> Fault:
    return Fault("portal.procedure", "/code", f"{code} {message}", f"thủ tục {code} {message_vi}")
