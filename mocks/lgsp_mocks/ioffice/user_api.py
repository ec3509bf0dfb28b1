"""`/qlvb/api/`: what a user's client sees; spelling and error codes as in public client code."""

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, JsonValue

from lgsp_mocks.ioffice.credentials import USERNAME, same
from lgsp_mocks.ioffice.office import Office
from lgsp_mocks.kit import Context, Record

__all__ = ["UserApi"]

API = "/qlvb/api"
Token = Annotated[str, Header()]
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
        router.add_api_route(f"{API}/login/", self._login, methods=["POST"])
        router.add_api_route(f"{API}/getuserinfo/me/", self._me)
        router.add_api_route(f"{API}/document/getlist{{which}}document/", self._documents)
        router.add_api_route(f"{API}/document/getdetaildocument/{{key:path}}/", self._detail)
        router.add_api_route(f"{API}/file/download/{{digest}}/", self._download, response_model=None)
        return router

    async def _login(self, body: Login) -> Record:
        if not same(body.username, body.password):
            return _failed("error_authentication_failed", "Sai tên đăng nhập hoặc mật khẩu")
        token = self._context.new_id()
        self._sessions.put(token, {"username": body.username})
        return _done({"token": token, "username": body.username})

    async def _me(self, authorization: Token = "") -> Record:
        return _done({"username": USERNAME}) if self._knows(authorization) else _unknown()

    async def _documents(self, which: str, authorization: Token = "") -> Record:
        return _done(self._list(which)) if self._knows(authorization) else _unknown()

    async def _detail(self, key: str, authorization: Token = "") -> Record:
        if not self._knows(authorization):
            return _unknown()
        row = self._office.book.rows.get(key)
        return _done({"id": key, **row}) if row else _failed("error_not_found", f"không có văn bản {key}")

    async def _download(self, digest: str, authorization: Token = "") -> Response:
        if not self._knows(authorization):
            return JSONResponse(_unknown())
        try:
            file = self._context.files.get(digest)
        except KeyError:
            return JSONResponse(_failed("error_not_found", f"không có tệp {digest}"))
        return StreamingResponse(file.chunks(), media_type="application/octet-stream")

    def _knows(self, token: str) -> bool:
        return token in self._sessions

    def _list(self, which: str) -> JsonValue:
        wanted = {
            "waiting": lambda row: row["status"] not in FINISHED,
            "processed": lambda row: row["status"] in FINISHED,
        }.get(which)
        rows: list[JsonValue] = [
            {"id": key, **row}
            for key, row in self._office.book.rows.items()
            if row["direction"] == "in" and wanted is not None and wanted(row)
        ]
        return rows


def _done(data: JsonValue) -> Record:
    return {"status": {"code": "0", "message": "Thành công"}, "data": data}


def _failed(code: str, message: str) -> Record:
    return {"status": {"code": code, "message": message}, "data": None}


def _unknown() -> Record:
    return _failed("error_authentication_required", "Phiên làm việc đã hết hạn, hãy đăng nhập lại")
