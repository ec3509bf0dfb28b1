"""What the control endpoints refuse, as problem details (RFC 9457); the wire's own paths keep their own way."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lgsp.standards.faults import pointer, vietnamese
from lgsp_mocks.kit.journal import is_wire

__all__ = ["RefusedError", "add_problem_handlers", "refused"]


class RefusedError(HTTPException):
    """A refusal that a page may show: in both languages."""

    def __init__(self, status: int, detail: str, detail_vi: str) -> None:
        super().__init__(status, detail)
        self.detail_vi = detail_vi


def add_problem_handlers(app: FastAPI) -> None:
    """Answer for everything that is not wire, unknown paths included."""
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, _invalid)


async def refused(request: Request, error: Exception) -> Response:
    """The answer to an HTTPException."""
    refusal = cast("HTTPException", error)
    if is_wire(request.url.path):
        return await http_exception_handler(request, refusal)
    more: dict[str, JsonValue] = {"detail_vi": refusal.detail_vi} if isinstance(refusal, RefusedError) else {}
    return _problem(refusal.status_code, str(refusal.detail), more, headers=refusal.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    invalid = cast("RequestValidationError", error)
    if is_wire(request.url.path):
        return await request_validation_exception_handler(request, invalid)
    # Of the place, FastAPI names the part of the request first (body, query, path): only the rest points into it.
    faults: list[JsonValue] = [
        {"pointer": pointer("", *item["loc"][1:]), "detail": str(item["msg"]), "detail_vi": vietnamese(item)}
        for item in invalid.errors()
    ]
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid", {"errors": faults})


def _problem(
    status: int, detail: str, more: Mapping[str, JsonValue], *, headers: Mapping[str, str] | None = None
) -> Response:
    body = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more,
    }  # fmt: skip
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
