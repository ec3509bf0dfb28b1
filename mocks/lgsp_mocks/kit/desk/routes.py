"""What a clerk does, by name: the same for every desk."""

from fastapi import APIRouter

from lgsp_mocks.kit.desk.forms import IssueDocument, RecallDocument, ReplaceDocument, TakeBack, UpdateDocument
from lgsp_mocks.kit.desk.issuing import Issuing
from lgsp_mocks.kit.front import FormRoute
from lgsp_mocks.kit.state import Record

__all__ = ["desk_router"]


def desk_router(desk: Issuing, issue: str) -> APIRouter:
    """`/__mock__/act/<issue>`, and what may be done to a document afterwards."""
    router = APIRouter(prefix="/__mock__/act", route_class=FormRoute)

    @router.post(f"/{issue}", status_code=201)
    async def issue_document(form: IssueDocument) -> Record:
        return await desk.issue(form)

    @router.post("/recall-document", status_code=201)
    async def recall_document(form: RecallDocument) -> Record:
        return desk.recall(form)

    @router.post("/update-document", status_code=201)
    async def update_document(form: UpdateDocument) -> Record:
        return desk.update(form)

    @router.post("/replace-document", status_code=201)
    async def replace_document(form: ReplaceDocument) -> Record:
        return await desk.replace(form)

    @router.post("/take-back", status_code=201)
    async def take_back(form: TakeBack) -> Record:
        return desk.take_back(form)

    return router
