"""`/qlvb/api/`: what a user's client sees; spelling and error codes as in public client code."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, JsonValue

from lgsp.clock import VIETNAM
from lgsp_mocks.ioffice.credentials import USERNAME, same
from lgsp_mocks.ioffice.office import Office
from lgsp_mocks.kit import Context, Record

__all__ = ["UserApi"]

API = "/qlvb/api"
Token = Annotated[str, Header()]
FINISHED = frozenset({"02", "06"})
UNREGISTERED = frozenset({"", "01"})


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
        router.add_api_route(f"{API}/logout/", self._logout, methods=["POST"])
        router.add_api_route(f"{API}/getuserinfo/me/", self._me)
        router.add_api_route(f"{API}/document/getlist{{which}}document/", self._documents)
        router.add_api_route(f"{API}/document/getdetaildocument/{{key:path}}/", self._detail)
        router.add_api_route(f"{API}/document/getactivitylog/{{key:path}}/", self._activities)
        router.add_api_route(f"{API}/file/getfileattach/{{key:path}}/", self._attached)
        router.add_api_route(f"{API}/file/download/{{digest}}/", self._download, response_model=None)
        return router

    async def _login(self, body: Login) -> Record:
        if not same(body.username, body.password):
            return _failed("error_authentication_failed", "Sai tên đăng nhập hoặc mật khẩu")
        token = self._context.new_id()
        self._sessions.put(token, {"username": body.username})
        return _done({"token": token, "username": body.username})

    async def _logout(self, authorization: Token = "") -> Record:
        if not self._knows(authorization):
            return _unknown()
        self._sessions.delete(authorization)
        return _done(None)

    async def _me(self, authorization: Token = "") -> Record:
        return _done({"username": USERNAME}) if self._knows(authorization) else _unknown()

    async def _documents(self, which: str, authorization: Token = "") -> Record:
        if not self._knows(authorization):
            return _unknown()
        wanted = _LISTS.get(which)
        if wanted is None:
            return _failed("error_not_found", f"không có danh sách {which}")
        now = self._context.clock.now().astimezone(VIETNAM)
        return _done([{"id": key, **row} for key, row in self._office.book.rows.items() if wanted(row, now)])

    async def _detail(self, key: str, authorization: Token = "") -> Record:
        return self._of_document(key, authorization, lambda row: {"id": key, **row})

    async def _activities(self, key: str, authorization: Token = "") -> Record:
        return self._of_document(key, authorization, lambda row: row["statuses"])

    async def _attached(self, key: str, authorization: Token = "") -> Record:
        return self._of_document(key, authorization, _files)

    def _of_document(self, key: str, token: str, tell: Callable[[Record], JsonValue]) -> Record:
        if not self._knows(token):
            return _unknown()
        row = self._office.book.rows.get(key)
        return _done(tell(row)) if row else _failed("error_not_found", f"không có văn bản {key}")

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


def _is_waiting(row: Record, _: datetime) -> bool:
    return row["direction"] == "in" and row["status"] not in FINISHED


def _is_overdue(row: Record, now: datetime) -> bool:
    """Still open behind its issuer's day, or not registered within the rule's time."""
    if not _is_waiting(row, now):
        return False
    due_on, register_by = str(row["due_on"]), str(row["register_by"])
    unregistered = row["status"] in UNREGISTERED and bool(register_by)
    return (bool(due_on) and f"{now:%Y-%m-%d}" > due_on) or (
        unregistered and now > datetime.fromisoformat(register_by)
    )


_LISTS: Mapping[str, Callable[[Record, datetime], bool]] = {
    "waiting": _is_waiting,
    "processed": lambda row, _: row["direction"] == "in" and row["status"] in FINISHED,
    "notify": lambda row, _: row["direction"] == "in" and row["type"] == "Thông báo",
    "outdate": _is_overdue,
    "signed": lambda row, _: row["direction"] == "out" and row["signed"] is True,
}


def _files(row: Record) -> JsonValue:
    """By the id that `file/download` takes."""
    files = cast("list[Record]", row["attachments"])
    return [{"id": file["sha256"], "name": file["name"], "size": file["size"]} for file in files]


def _done(data: JsonValue) -> Record:
    return {"status": {"code": "0", "message": "Thành công"}, "data": data}


def _failed(code: str, message: str) -> Record:
    return {"status": {"code": code, "message": message}, "data": None}


def _unknown() -> Record:
    return _failed("error_authentication_required", "Phiên làm việc đã hết hạn, hãy đăng nhập lại")
