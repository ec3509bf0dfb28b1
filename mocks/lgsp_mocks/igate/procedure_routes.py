"""`/ba` (basedata): the catalogue of procedures on the wire (assumed)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import JsonValue

from lgsp_mocks.igate.ids import object_id
from lgsp_mocks.igate.procedures import ProcedureBody, Procedures
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.kit import Record

__all__ = ["procedure_routes"]


def procedure_routes(procedures: Procedures, tokens: Tokens) -> APIRouter:
    """The routes below the gateway's prefix."""
    router = APIRouter(route_class=WireRoute, prefix="/ba/procedure", dependencies=[Depends(tokens.check)])

    @router.get("/search")
    async def search(
        page: Annotated[int, Query(ge=0)] = 0, size: Annotated[int, Query(ge=1, le=500)] = 50
    ) -> Record:
        codes = procedures.codes()
        chosen = codes[page * size : (page + 1) * size]
        content: list[JsonValue] = [_row(procedures.versions(code)) for code in chosen]
        return {
            "content": content,
            "last": (page + 1) * size >= len(codes),
            "number": page,
            "size": size,
            "totalElements": len(codes),
        }

    @router.get("/{code}")
    async def one(code: str) -> Record:
        versions = procedures.versions(procedures.code_of(code))
        if not versions:
            raise WireError(404, "404", f"Không tìm thấy thủ tục {code}")
        named = ("version", "decisionId", "status", "updatedDate")
        return {**_row(versions), "versions": [{name: row[name] for name in named} for row in versions]}

    @router.put("/{code}")
    async def put(code: str, body: ProcedureBody) -> Record:
        if code != body.code:
            raise WireError(400, "code", f"Mã thủ tục {body.code} khác với đường dẫn {code}")
        row = procedures.store(body)
        return {
            "code": "200",
            "message": "Thành công",
            "data": {"code": row["code"], "version": row["version"]},
        }

    return router


def _row(versions: list[Record]) -> Record:
    newest = versions[-1]
    return {"id": object_id("procedure", str(newest["code"])), **newest}
