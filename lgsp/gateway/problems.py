"""Errors as `application/problem+json` (RFC 9457)."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from traceback import format_exception

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from lgsp.errors import (
    AdapterError,
    BackpressureError,
    ChannelUnavailableError,
    Fault,
    InvalidMessageError,
    LgspError,
    NotFoundError,
)

__all__ = ["install", "problem"]

log = structlog.get_logger()

_STATUS: tuple[tuple[type[LgspError], HTTPStatus, str], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND, "Không tìm thấy"),
    (BackpressureError, HTTPStatus.TOO_MANY_REQUESTS, "Hệ thống đang quá tải, hãy gửi lại sau"),
    (ChannelUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "Hệ thống tạm thời không phục vụ được"),
    (AdapterError, HTTPStatus.BAD_GATEWAY, "Hệ thống đích từ chối"),
)


def problem(
    status: int,
    title: str,
    title_vi: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: JsonValue,
) -> JSONResponse:
    """One problem document; `more` are its extension members."""
    body = {
        "type": "about:blank",
        "title": title,
        "title_vi": title_vi,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    app.add_exception_handler(LgspError, _lgsp)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(Exception, _bug)


async def _lgsp(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, InvalidMessageError):
        return _invalid(error)
    code = error.code if isinstance(error, LgspError) else ""
    for kind, status, title_vi in _STATUS:
        if isinstance(error, kind):
            headers = _retry_after(error)
            return problem(status, status.phrase, title_vi, str(error), headers=headers, code=code)
    return problem(500, "Internal Server Error", "Lỗi hệ thống", str(error), code=code)


def _invalid(error: InvalidMessageError) -> JSONResponse:
    codes = {fault.code for fault in error.faults}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if codes & {"message.too_large", "attachment.too_large"}:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif "schema.json_invalid" in codes:
        status = HTTPStatus.BAD_REQUEST
    faults: list[JsonValue] = [_fault(fault) for fault in error.faults]
    return problem(
        status,
        "The content is not valid",
        "Nội dung không hợp lệ",
        str(error),
        code=error.code,
        faults=faults,
    )


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
    return problem(status, HTTPStatus(status).phrase, "Yêu cầu không thực hiện được", detail, headers=headers)


async def _parameters(_request: Request, error: Exception) -> JSONResponse:
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    faults: list[JsonValue] = [
        {
            "code": f"parameter.{item['type']}",
            "place": "/" + "/".join(map(str, item["loc"])),
            "message": item["msg"],
        }
        for item in mistakes
    ]
    return problem(422, "A parameter is wrong", "Tham số không hợp lệ", f"{len(faults)} wrong", faults=faults)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    """Say nothing of the inside to the caller; the log has it."""
    # As text: a pretty traceback shows local variables, which are people's data.
    log.error("gateway.bug", path=request.url.path, trace="".join(format_exception(error)))
    return problem(
        500, "Internal Server Error", "Lỗi hệ thống", "an unexpected error; the log of the gateway has it"
    )
