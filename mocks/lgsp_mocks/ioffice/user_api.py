"""`/qlvb/api/`: what a user's client sees; spelling and error codes as in public client code."""

import base64
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from lgsp_mocks.ioffice.credentials import USERNAME, same
from lgsp_mocks.ioffice.office import IssueDocument, Office
from lgsp_mocks.kit import Context, Record

__all__ = ["UserApi"]

FINISHED = frozenset({"02", "06"})


class Login(BaseModel):
    """Account, and optionally the token of the device."""

    model_config = ConfigDict(extra="ignore")

    username: str
    password: str


class UserApi:
    """Sessions and the document lists."""

    def __init__(self, context: Context, office: Office) -> None:
        self._context = context
        self._office = office
        self._sessions = context.state.table("sessions")

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        api = "/qlvb/api"

        @router.post("/__mock__/act/issue-document", status_code=201)
        async def issue(body: IssueDocument) -> Record:
            return self._office.issue(body)

        @router.post(f"{api}/login/")
        async def login(body: Login) -> Record:
            if not same(body.username, body.password):
                return _failed("error_authentication_failed", "Sai tên đăng nhập hoặc mật khẩu")
            token = self._context.new_id()
            self._sessions.put(token, {"username": body.username})
            return _done({"token": token, "username": body.username})

        @router.get(f"{api}/getuserinfo/me/")
        async def me(authorization: Annotated[str, Header()] = "") -> Record:
            return _done({"username": USERNAME}) if self._knows(authorization) else _unknown()

        @router.get(f"{api}/document/getlist{{which}}document/")
        async def documents(which: str, authorization: Annotated[str, Header()] = "") -> Record:
            return _done(self._list(which)) if self._knows(authorization) else _unknown()

        @router.get(f"{api}/document/getdetaildocument/{{key:path}}/")
        async def detail(key: str, authorization: Annotated[str, Header()] = "") -> Record:
            if not self._knows(authorization):
                return _unknown()
            row = self._office.documents.get(key)
            return _done({"id": key, **row}) if row else _failed("error_not_found", f"không có văn bản {key}")

        @router.get(f"{api}/file/download/{{digest}}/")
        async def download(digest: str, authorization: Annotated[str, Header()] = "") -> Response:
            if not self._knows(authorization):
                return JSONResponse(_unknown())
            file = self._office.files.get(digest)
            if file is None:
                return JSONResponse(_failed("error_not_found", f"không có tệp {digest}"))
            return Response(base64.b64decode(str(file["content"])), media_type="application/octet-stream")

        return router

    def _knows(self, token: str) -> bool:
        return token in self._sessions

    def _list(self, which: str) -> JsonValue:
        wanted = {
            "waiting": lambda row: row["status"] not in FINISHED,
            "processed": lambda row: row["status"] in FINISHED,
        }.get(which)
        rows: list[JsonValue] = [
            {"id": key, **row}
            for key, row in self._office.documents.items()
            if row["direction"] == "in" and wanted is not None and wanted(row)
        ]
        return rows


def _done(data: JsonValue) -> Record:
    return {"status": {"code": "0", "message": "Thành công"}, "data": data}


def _failed(code: str, message: str) -> Record:
    return {"status": {"code": code, "message": message}, "data": None}


def _unknown() -> Record:
    return _failed("error_authentication_required", "Phiên làm việc đã hết hạn, hãy đăng nhập lại")
