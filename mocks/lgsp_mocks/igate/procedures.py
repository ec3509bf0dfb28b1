"""iGate's own catalogue of procedures, with every version; its shapes are assumed, in the style of its other records."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from lgsp.standards.identifiers import check_organization_id, check_procedure_code
from lgsp_mocks.igate.ids import object_id
from lgsp_mocks.igate.packets import iso
from lgsp_mocks.kit import Context, Procedure, Record
from lgsp_mocks.kit.procedures_content import Edition, first_edition, papers, ways

__all__ = ["NotOfferedError", "ProcedureBody", "Procedures"]

IN_FORCE, REPEALED = 1, 0
VIETNAMESE = 228
Code = Annotated[str, Field(min_length=1, max_length=64)]
Unit = Annotated[str, AfterValidator(check_organization_id)]
Days = Annotated[int, Field(ge=0, le=3650)]
Money = Annotated[int, Field(ge=0)]


class NotOfferedError(Exception):
    """Nobody can ask for that procedure; the text is the reason, in Vietnamese and English."""


class Wire(BaseModel):
    """A part of the record."""

    model_config = ConfigDict(extra="forbid")


class Name(Wire):
    """`[{languageId: 228, name}]`."""

    languageId: int = VIETNAMESE  # noqa: N815 - the wire's name
    name: Annotated[str, Field(min_length=1, max_length=500)]


class Coded(Wire):
    """Something with a code and names."""

    code: Code
    name: list[Name] = []


class Agency(Wire):
    """A unit that is competent."""

    code: Unit
    name: list[Name] = []


class Way(Wire):
    """A channel, with its time and fee."""

    channel: Literal["1", "2", "3"]
    processingTime: Days  # noqa: N815 - the wire's name
    fee: Money = 0


class Form(Wire):
    """A paper of the file."""

    code: str = ""
    name: Annotated[str, Field(min_length=1, max_length=500)]
    original: Annotated[int, Field(ge=0)] = 0
    copies: Annotated[int, Field(ge=0)] = 0


class ProcedureBody(Wire):
    """PUT /ba/procedure/{code}: one version, whole."""

    code: Annotated[str, AfterValidator(check_procedure_code)]
    translate: Annotated[list[Name], Field(min_length=1)]
    sector: Coded
    agencyLevel: Annotated[list[Literal["0", "1", "2", "3"]], Field(min_length=1)]  # noqa: N815 - the wire's name
    publisher: Agency
    processingTime: Days  # noqa: N815 - the wire's name
    fee: Money = 0
    ways: list[Way] = []
    dossierForm: list[Form] = []  # noqa: N815 - the wire's name
    agency: list[Agency] = []
    status: Literal[0, 1]
    decision: Annotated[str, Field(max_length=500)] = ""
    decisionId: Annotated[str, Field(max_length=100)] = ""  # noqa: N815 - the wire's name


class Procedures:
    """Table `procedures` has the versions of those that were told of; the others are as the population has them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table = context.state.table("procedures")
        self._told = self._table.grouped(lambda row: object_id("procedure", str(row["code"])))
        self._first: dict[str, Procedure] = {}
        """As the population has them, of those that nothing was told of."""

    def versions(self, code: str) -> list[Record]:
        """Oldest first; none for a procedure that is not of this province."""
        held = self._table.get(code)
        if held is not None:
            return cast("list[Record]", held["versions"])
        seeded = self._context.population.procedure(code)
        return [_seeded(self._context, first_edition(seeded))] if seeded and seeded.synchronized else []

    def code_of(self, id_or_code: str) -> str:
        """The code; what is no id of a procedure is given back as it came."""
        told = self._told.of(id_or_code.lower())
        return str(told[0]["code"]) if told else self._seeded.get(id_or_code.lower(), id_or_code)

    @cached_property
    def _seeded(self) -> dict[str, str]:
        codes = (one.code for one in self._context.population.procedures if one.synchronized)
        return {object_id("procedure", code): code for code in codes}

    def codes(self) -> list[str]:
        """Every procedure, also the repealed."""
        seeded = [one.code for one in self._context.population.procedures if one.synchronized]
        return list(dict.fromkeys([*seeded, *(key for key, _ in self._table.items())]))

    def store(self, body: ProcedureBody) -> Record:
        """A version that is held already changes nothing, however late it is told again."""
        held = self.versions(body.code)
        told: Record = body.model_dump(mode="json")
        known = next((row for row in held if {**row, **told} == row), None)
        if known is not None:
            return known
        row: Record = {
            **told,
            "version": len(held) + 1,
            "updatedDate": iso(self._context.clock.now()),
        }
        versions: list[JsonValue] = [*held, row]
        self._table.put(body.code, {"code": body.code, "versions": versions})
        return row

    def take(self, code: str, submitted_at: datetime | None = None) -> tuple[Procedure, int]:
        """What a new dossier is taken in under, and its version. Submitted before the repeal, it still goes by what was in force.

        Raises:
            NotOfferedError: unknown, or repealed by then.
        """
        versions = self.versions(code)
        if not versions:
            raise NotOfferedError(f"Mã thủ tục {code} không tồn tại / unknown code {code!r}")
        newest = versions[-1]
        if newest["status"] == REPEALED and submitted_at is not None:
            earlier = submitted_at < datetime.fromisoformat(str(newest["updatedDate"]))
            newest = versions[-2] if earlier and len(versions) > 1 else newest
        if newest["status"] == REPEALED:
            decision = newest["decision"] or "không rõ số"
            raise NotOfferedError(f"Thủ tục {code} đã bị bãi bỏ ({decision}) / the procedure is repealed")
        return self._procedure(newest), int(str(newest["version"]))

    def of(self, dossier: Record) -> Procedure | None:
        """The procedure as it was when the dossier was taken in, whatever became of it since."""
        code = str(dossier["procedure_code"])
        if code not in self._table and code in self._first:
            return self._first[code]
        versions = self.versions(code)
        number = int(str(dossier.get("procedure_version") or 1))
        if not versions:
            return None
        found = self._procedure(versions[min(number, len(versions)) - 1])
        if code not in self._table:
            self._first[code] = found
        return found

    def _procedure(self, row: Record) -> Procedure:
        """Whether a leader signs is this system's own setting, no part of the catalogue."""
        code, sector = str(row["code"]), cast("Record", row["sector"])
        agencies = cast("list[Record]", row["agency"])
        publisher = str(cast("Record", row["publisher"])["code"])
        procedure = Procedure(
            code, _name(row["translate"]), str(sector["code"]), _name(sector["name"]), str(cast("list[str]", row["agencyLevel"])[0]),
            int(str(row["processingTime"])), publisher, str(agencies[0]["code"]) if agencies else publisher, int(str(row["fee"])),
            needs_signature=False,
        )  # fmt: skip
        seeded = self._context.population.procedure(code)
        return (
            replace(procedure, needs_signature=seeded.needs_signature, number=seeded.number)
            if seeded
            else procedure
        )


def _seeded(context: Context, edition: Edition) -> Record:
    procedure = edition.procedure
    return {
        "code": procedure.code, "translate": _names(procedure.name),
        "sector": {"code": procedure.field_code, "name": _names(procedure.field_name)}, "agencyLevel": [procedure.level],
        "publisher": {"code": procedure.publisher_id, "name": []}, "processingTime": procedure.working_days, "fee": procedure.fee,
        "ways": [{"channel": way.channel, "processingTime": way.working_days, "fee": way.fee} for way in ways(procedure)],
        "dossierForm": [
            {"code": one.code, "name": one.name, "original": one.originals, "copies": one.copies} for one in papers(procedure)
        ],
        "agency": [_agency(context, procedure.unit_id)], "status": IN_FORCE, "decision": edition.decision,
        "decisionId": edition.decision_id, "version": 1, "updatedDate": f"{edition.decided_on}T08:00:00.000+0700",
    }  # fmt: skip


def _agency(context: Context, organization_id: str) -> Record:
    agency = context.population.agency(organization_id)
    return {"code": organization_id, "name": _names(agency.name) if agency else []}


def _names(name: str) -> list[JsonValue]:
    return [{"languageId": VIETNAMESE, "name": name}]


def _name(names: JsonValue) -> str:
    return str(cast("list[Record]", names)[0]["name"]) if names else ""
