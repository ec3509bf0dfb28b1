"""Citizens who ask a question on the portal, and look whether somebody answered."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.standards.identifiers import check_citizen_id
from lgsp_mocks.kit.population import Agency, Citizen
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.citizens import RefusedActError, act_route
from lgsp_mocks.portal.publishing import Catalogue
from lgsp_mocks.portal.questions import ASKED_HERE, DRAFT, WAITING, Row
from lgsp_mocks.portal.reply import problem

__all__ = ["inquirer_routes"]

PROVINCE = "000.00.00.H34"


class Inquiry(BaseModel):
    """What the citizen types; `draft` is kept and not sent. Who does not say who they are is some citizen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    unit: str | None = None
    procedure: str | None = None
    citizen: Annotated[str, AfterValidator(check_citizen_id)] | None = None
    draft: bool = False


def inquirer_routes(context: Context) -> Sequence[BaseRoute]:
    """Routes below /__mock__/act."""
    table = context.state.table("questions")

    def ask(inquiry: Inquiry) -> Row:
        row = _question(context, inquiry)
        number = str(row["HOIDAPID"])
        table.put(number, row)
        return {"question_id": number, "unit": row["MADONVI"]}

    async def view(request: Request) -> JSONResponse:
        question = request.path_params["number"]
        row = table.get(question)
        return problem(404, f"No question {question}") if row is None else JSONResponse(row)

    return [
        act_route("ask-question", Inquiry, ask),
        Route("/__mock__/act/questions/{number}", view, methods=["GET"]),
    ]


def _question(context: Context, inquiry: Inquiry) -> Row:
    """Goes to the unit that is named, or that the procedure belongs to, or the province."""
    procedure = Catalogue(context).known(inquiry.procedure) if inquiry.procedure else None
    if inquiry.procedure and procedure is None:
        raise RefusedActError(422, f"/procedure: there is no {inquiry.procedure}")
    unit = _unit(context, inquiry.unit or (procedure.unit_id if procedure else PROVINCE))
    citizen = _citizen(context, inquiry.citizen)
    return {
        "HOIDAPID": _free_number(context), "MALINHVUC": procedure.field_code if procedure else "", "TENDONVI": unit.name,
        "MADONVI": unit.id, "NOIDUNG": inquiry.content, "NOIDUNGTRALOI": "", "TRALOIID": "", "HOVATEN": citizen.name,
        "DIACHI": citizen.address, "THUDIENTU": citizen.email, "SODIENTHOAI": citizen.telephone,
        "MATTHCDP": procedure.code if procedure else "", "TRANGTHAI": DRAFT if inquiry.draft else WAITING, "nguon": ASKED_HERE,
        "hoi_luc": context.clock.now().isoformat(), "tra_loi": [],
    }  # fmt: skip


def _free_number(context: Context) -> str:
    # Provinces choose the numbers of their own questions, so the next one may be taken.
    table = context.state.table("questions")
    while (number := str(context.state.next("questions"))) in table:
        pass
    return number


def _unit(context: Context, unit: str) -> Agency:
    found = context.population.agency(unit)
    if found is None:
        raise RefusedActError(422, f"/unit: there is no {unit}")
    return found


def _citizen(context: Context, citizen: str | None) -> Citizen:
    people = context.population
    if citizen is None:
        return people.citizens[context.state.next("inquirer") % len(people.citizens)]
    found = people.citizen(citizen)
    if found is None:
        raise RefusedActError(422, f"/citizen: there is no {citizen}")
    return found
