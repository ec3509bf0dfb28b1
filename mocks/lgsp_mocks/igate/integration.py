"""What a province's own tools ask iGate for beside the search: a dossier's forms in one piece, and the end of its process."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from lgsp_mocks.igate.dossiers import Dossiers, ended_drafts
from lgsp_mocks.igate.ids import object_id
from lgsp_mocks.igate.life import Life
from lgsp_mocks.igate.packets import MAX_ITEMS
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.igate.wire import detail, eform_of
from lgsp_mocks.kit import Record

__all__ = ["Integration"]

_ENDED = frozenset({"9", "10"})


class Ended(BaseModel):
    """A dossier by both its id and its number."""

    id: str
    code: str


class Integration:
    """`/pa/api-integration/--data` and `/pa/dossier/--force-end-process`."""

    def __init__(self, dossiers: Dossiers, tokens: Tokens, life: Life) -> None:
        self._dossiers = dossiers
        self._tokens = tokens
        self._life = life

    def router(self) -> APIRouter:
        """Both."""
        router = APIRouter(route_class=WireRoute, dependencies=[Depends(self._tokens.check)])
        router.add_api_route("/pa/api-integration/--data", self._data)
        router.add_api_route("/pa/dossier/--force-end-process", self._end, methods=["PUT"])
        return router

    async def _data(self, code: str, fields: str = "commonEForm,detailEForm") -> Record:
        """By either of its numbers, the fields that are asked for; any field of the detail may be."""
        dossier = self._dossiers.find(code=code.strip())
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {code}")
        shown: Record = {
            **detail(dossier), "commonEForm": _applicants_form(dossier), "detailEForm": eform_of(dossier)
        }  # fmt: skip
        asked = [name.strip() for name in fields.split(",") if name.strip()]
        if unknown := [name for name in asked if name not in shown]:
            raise WireError(400, "fields", f"không có trường / no such field: {', '.join(unknown)}")
        return {name: shown[name] for name in ("id", "code", "nationCode", *asked)}

    async def _end(self, body: Annotated[list[Ended], Field(max_length=MAX_ITEMS)]) -> Record:
        """All or none. One that has a result already is left as it is."""
        with self._dossiers.all_or_nothing():
            return {"affectedRows": sum(self._ended(one) for one in body)}

    def _ended(self, told: Ended) -> bool:
        dossier = self._dossiers.find(internal_id=told.id)
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {told.id}")
        if told.code.strip() not in {dossier["code"], dossier["national_code"]}:
            raise WireError(400, "code", f"{told.code} không phải mã của hồ sơ {told.id} / not its number")
        if dossier["status"] in _ENDED:
            return False
        # Nobody waits for the signature any more.
        self._life.move(ended_drafts(dossier, "9"), "9", "Kết thúc quy trình")
        return True


def _applicants_form(dossier: Record) -> Record:
    """As create-dossier said it; of the others what the counter or the partner told of the applicant."""
    form = dossier.get("applicant_form")
    told = form if isinstance(form, dict) else {"data": dossier["applicant"]}
    return {"eformId": object_id("eform", "applicant"), **told}
