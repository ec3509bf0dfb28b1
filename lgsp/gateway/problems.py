"""Errors as `application/problem+json` (RFC 9457)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from traceback import format_exception
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from lgsp.dead_letters import TaskEndedError
from lgsp.errors import (
    AdapterError,
    BackpressureError,
    ChannelUnavailableError,
    Fault,
    InvalidMessageError,
    LgspError,
    NotFoundError,
    WrongValueError,
)
from lgsp.scenario import StageError
from lgsp.standards.faults import vietnamese

__all__ = ["Problem", "ProblemDocument", "bug", "documented", "install", "problem_of"]

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[LgspError], HTTPStatus, str], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND, "Không tìm thấy"),
    (TaskEndedError, HTTPStatus.CONFLICT, "Tác vụ đã kết thúc"),
    (StageError, HTTPStatus.CONFLICT, "Lúc này không làm được"),
    (BackpressureError, HTTPStatus.TOO_MANY_REQUESTS, "Hệ thống đang quá tải, hãy gửi lại sau"),
    (ChannelUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "Hệ thống tạm thời không phục vụ được"),
    (AdapterError, HTTPStatus.BAD_GATEWAY, "Hệ thống đích từ chối"),
)


class FaultDocument(BaseModel):
    """One mistake: `place` is a JSON Pointer or an XPath."""

    model_config = ConfigDict(frozen=True)

    code: str
    place: str
    message: str
    message_vi: str = ""
    line: int = 0
    warning: bool = False


class ProblemDocument(BaseModel):
    """RFC 9457, with the title (and, where somebody may read it on a page, the detail) in Vietnamese, the code and every fault."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    title_vi: str
    status: int
    detail: str
    detail_vi: str = ""
    code: str = ""
    faults: tuple[FaultDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and its HTTP answer; `more` are its extension members."""

    status: int
    title: str
    title_vi: str
    detail: str
    more: Mapping[str, JsonValue] = field(default_factory=dict)
    headers: Mapping[str, str] | None = None

    def body(self) -> dict[str, JsonValue]:
        """The problem document."""
        return {
            "type": "about:blank",
            "title": self.title,
            "title_vi": self.title_vi,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }

    def response(self) -> JSONResponse:
        """The whole answer."""
        return JSONResponse(self.body(), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of these answers; the shape of `responses=` is FastAPI's."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    app.add_exception_handler(LgspError, _lgsp)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(WrongValueError, _wrong_value)
    app.add_exception_handler(Exception, _bug)


async def _lgsp(_request: Request, error: Exception) -> JSONResponse:
    return problem_of(error if isinstance(error, LgspError) else LgspError(str(error))).response()


def problem_of(error: LgspError) -> Problem:
    """What an error of ours says to an HTTP client."""
    if isinstance(error, InvalidMessageError):
        return _invalid(error)
    for kind, status, title_vi in _STATUS:
        if isinstance(error, kind):
            more: dict[str, JsonValue] = {"code": error.code, **_in_vietnamese(error)}
            return Problem(status, status.phrase, title_vi, str(error), more, _retry_after(error))
    return Problem(500, "Internal Server Error", "Lỗi hệ thống", str(error), {"code": error.code})


def _invalid(error: InvalidMessageError) -> Problem:
    codes = {fault.code for fault in error.faults}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if codes & {"message.too_large", "attachment.too_large"}:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif "schema.json_invalid" in codes:
        status = HTTPStatus.BAD_REQUEST
    faults: list[JsonValue] = [_fault(fault) for fault in error.faults]
    more: dict[str, JsonValue] = {"code": error.code, **_in_vietnamese(error), "faults": faults}
    return Problem(status, "The content is not valid", "Nội dung không hợp lệ", str(error), more)


def _in_vietnamese(error: LgspError | WrongValueError) -> dict[str, JsonValue]:
    return {"detail_vi": error.message_vi} if error.message_vi else {}


def _fault(fault: Fault) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {
        "code": fault.code, "place": fault.place, "message": fault.message, "message_vi": fault.message_vi
    }  # fmt: skip
    return shown | ({"line": fault.line} if fault.line else {}) | ({"warning": True} if fault.warning else {})


def _retry_after(error: Exception) -> dict[str, str] | None:
    if isinstance(error, BackpressureError):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    return {"Retry-After": "1"} if isinstance(error, ChannelUnavailableError) else None


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else str(error)
    headers = error.headers if isinstance(error, HTTPException) else None
    title_vi = "Yêu cầu không thực hiện được"
    return Problem(status, HTTPStatus(status).phrase, title_vi, detail, headers=headers).response()


async def _parameters(_request: Request, error: Exception) -> JSONResponse:
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    faults: list[JsonValue] = [
        {
            "code": f"parameter.{item['type']}",
            "place": "/" + "/".join(map(str, item["loc"])),
            "message": item["msg"],
            "message_vi": vietnamese(item),
        }
        for item in mistakes
    ]
    detail, more = f"{len(faults)} wrong", {"faults": faults}
    return Problem(422, "A parameter is wrong", "Tham số không hợp lệ", detail, more).response()


async def _wrong_value(_request: Request, error: Exception) -> JSONResponse:
    more = _in_vietnamese(error) if isinstance(error, WrongValueError) else {}
    return Problem(422, "A value is wrong", "Giá trị không hợp lệ", str(error), more).response()


async def _bug(request: Request, error: Exception) -> JSONResponse:
    return bug(error, request.url.path).response()


def bug(error: Exception, path: str) -> Problem:
    """Say nothing of the inside to the caller; the log has it."""
    # As text: a pretty traceback shows local variables, which are people's data.
    log.error("gateway.bug", path=path, trace="".join(format_exception(error)))
    detail = "an unexpected error; the log of the gateway has it"
    return Problem(500, "Internal Server Error", "Lỗi hệ thống", detail)
