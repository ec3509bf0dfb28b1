"""`/pa` (padman) and `/fi` (fileman): search, detail, file; names of fields as far as public code shows them."""

import base64
from datetime import datetime, time
from functools import lru_cache
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field, JsonValue
from starlette.routing import BaseRoute

from lgsp.clock import VIETNAM
from lgsp_mocks.igate.dossiers import Dossiers, drafts_of
from lgsp_mocks.igate.ids import object_id
from lgsp_mocks.igate.tokens import DirectRoute, Tokens, WireError
from lgsp_mocks.kit import Record
from lgsp_mocks.kit.front import Short

__all__ = ["routes"]

SORTS = {
    "appointmentDate": "due_at",
    "updatedDate": "revision",
    "acceptedDate": "accepted_at",
    "createdDate": "submitted_at",
}
NEWEST = "updatedDate,desc"
STATUSES = {"1": 0} | {str(state): state for state in range(2, 11)}
"""By the state of QCVN 120:2019 what dossierStatus has: 0 is recorded, as "Mới đăng ký"; of the others only the numbers are known."""
STATES = {str(status): state for state, status in STATUSES.items()}


class Search(BaseModel):
    """What is asked for; the wire's other filters are ignored."""

    page: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=1, le=500)] = 15
    code: str = ""
    status: Annotated[str, Field(alias="dossier-status")] = ""
    remove_status: Annotated[str, Field(alias="remove-status")] = ""
    sort: str = "appointmentDate,asc"
    accepted_from: Annotated[str, Field(alias="accepted-from")] = ""
    accepted_to: Annotated[str, Field(alias="accepted-to")] = ""


def routes(dossiers: Dossiers, tokens: Tokens) -> list[BaseRoute]:
    """The routes below the gateway's prefixes."""

    async def search(asked: Annotated[Search, Query()]) -> Response:
        return _found(dossiers, asked)

    def online(internal_id: str) -> Response:
        """A whole dossier."""
        dossier = dossiers.find(internal_id=internal_id)
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {internal_id}")
        return _json(detail(dossier))

    def file(file_id: str) -> Response:
        """A file's content."""
        found = dossiers.files.get(file_id)
        if found is None:
            raise WireError(404, "404", f"Không tìm thấy tệp {file_id}")
        return Response(base64.b64decode(str(found["content"])), media_type="application/octet-stream")

    router = APIRouter(route_class=DirectRoute, dependencies=[Depends(tokens.check)])
    # Written here: FastAPI would check and copy each row of what is ours.
    router.add_api_route("/pa/dossier/search", search, response_model=Record)
    return [
        *router.routes,
        tokens.get_route("/pa/dossier/{internal_id}/--online", online),
        tokens.get_route("/fi/file/{file_id}", file),
    ]


def _found(dossiers: Dossiers, asked: Search) -> Response:
    wanted, unwanted = _states(asked.status), _states(asked.remove_status)
    begin, end = _moment(asked.accepted_from), _moment(asked.accepted_to, time.max)
    begin_at, end_at = asked.page * asked.size, (asked.page + 1) * asked.size
    if asked.sort == NEWEST and not (asked.code or wanted or unwanted or begin or end):
        found = dossiers.changed_last(end_at + 1)  # what connectors poll: not through all of them
    else:
        found = [
            one
            for one in (dossiers.with_code(asked.code) if asked.code else dossiers.table.values())
            if (not wanted or one["status"] in wanted)
            and one["status"] not in unwanted
            and (not (begin or end) or _within(str(one["accepted_at"]), begin, end))
        ]
        found = _sorted(found, asked.sort)
    content: list[JsonValue] = [summary(one) for one in found[begin_at:end_at]]
    return _json({
        "content": content, "last": end_at >= len(found), "first": asked.page == 0, "number": asked.page, "size": asked.size,
        "numberOfElements": len(content),
    })  # fmt: skip


def _states(statuses: str) -> set[str]:
    """Those that the wire's numbers stand for; no dossier is in a state whose number is not known here (11, 16, 17)."""
    return (
        {STATES.get(part.strip(), "?") for part in statuses.split(",") if part.strip()} if statuses else set()
    )


def _json(answer: Record) -> Response:
    return Short(msgspec.json.encode(answer), b"application/json")


def summary(one: Record) -> Record:
    """A row of the search."""
    steps, texts = cast("list[Record]", one["steps"]), cast("dict[str, str]", one)
    return {
        "id": one["id"], "code": one["code"], "nationCode": one["national_code"], "acceptedDate": one["accepted_at"],
        "appointmentDate": one["due_at"], "updatedDate": one["updated_at"], "revision": one["revision"],
        "dossierStatus": {"id": STATUSES[texts["status"]]}, "applicant": {"data": one["applicant"]},
        "accepter": {"fullname": steps[0]["officer"] if steps else ""},
        "procedure": _procedure(texts["procedure_code"], texts["procedure_name"], texts["field_code"], texts["field_name"]),
        "agency": _agency(texts["unit_id"], texts["unit_name"]),
        "receivingAgency": _agency(texts["intake_unit_id"], texts["intake_unit_name"]),
        "eForm": eform_of(one),
        "currentTask": [{"name": step["content"]} for step in steps[-1:]], "isDVCLT": False,
    }  # fmt: skip


def eform_of(one: Record) -> Record:
    """What the procedure's own form was filled in with."""
    form_id = one.get("eform_id") or object_id("eform", str(one["procedure_code"]))
    return {"id": form_id, "data": one.get("eform") or {}}


def detail(one: Record) -> Record:
    """The whole dossier."""
    drafts: list[JsonValue] = [*drafts_of(one)]
    return {
        **summary(one), "submittedDate": one["submitted_at"], "finishedDate": one["finished_at"], "returnedDate": one["returned_at"],
        "receivingKind": int(str(one["channel"])), "abstract": one["abstract"], "tasks": one["steps"], "dossierFormFile": one["files"],
        "dossierFee": one["fees"], "results": one["results"], "signatureDraft": drafts[-1] if drafts else None,
        "signatureDrafts": drafts,
        "supplementRequests": one.get("pauses") or [],
    }  # fmt: skip


@lru_cache(maxsize=4096)
def _procedure(code: str, name: str, field_code: str, field_name: str) -> Record:
    """As a new dossier may name it; one for all rows that have the same."""
    sector: Record = {"id": object_id("sector", field_code), "code": field_code, "name": _names(field_name)}
    return {"id": object_id("procedure", code), "code": code, "translate": _names(name), "sector": sector}


@lru_cache(maxsize=4096)
def _agency(code: str, name: str) -> Record:
    return {"id": object_id("agency", code), "code": code, "name": _names(name)}


def _names(name: str) -> list[JsonValue]:
    return [{"languageId": 228, "name": name}]


def _sorted(found: list[Record], sort: str) -> list[Record]:
    name, _, direction = sort.partition(",")
    field = SORTS.get(name)
    if field is None:
        raise WireError(400, "400", f"sort: không hỗ trợ {name!r}")
    if len(found) < 2:
        return found
    # A number sorts by its length first, a moment has always the same length.
    return sorted(found, key=lambda one: (len(str(one[field])), str(one[field])), reverse=direction == "desc")


def _moment(value: str, of_a_day: time = time.min) -> datetime | None:
    """Without a zone it is Vietnamese time; of a day alone, its beginning or its end (assumed)."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as exc:
        raise WireError(400, "400", f"{value!r:.60} không phải thời điểm ISO 8601") from exc
    if len(value) == len("2026-11-23"):
        moment = datetime.combine(moment, of_a_day)
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)


def _within(accepted: str, begin: datetime | None, end: datetime | None) -> bool:
    if not accepted:
        return False
    moment = datetime.fromisoformat(accepted)
    return (begin is None or moment >= begin) and (end is None or moment <= end)
