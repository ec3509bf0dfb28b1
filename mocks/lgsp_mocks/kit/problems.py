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

from lgsp.standards.faults import pointer
from lgsp_mocks.kit.journal import is_wire

__all__ = ["add_problem_handlers"]


def add_problem_handlers(app: FastAPI) -> None:
    """Answer for everything that is not wire, unknown paths included."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    if is_wire(request.url.path):
        return await http_exception_handler(request, refusal)
    return _problem(refusal.status_code, str(refusal.detail), headers=refusal.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    invalid = cast("RequestValidationError", error)
    if is_wire(request.url.path):
        return await request_validation_exception_handler(request, invalid)
    # Of the place, FastAPI names the part of the request first (body, query, path): only the rest points into it.
    faults: list[JsonValue] = [
        {"pointer": pointer("", *item["loc"][1:]), "detail": str(item["msg"])} for item in invalid.errors()
    ]
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid", faults=faults)


def _problem(
    status: int,
    detail: str,
    *,
    faults: list[JsonValue] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, JsonValue] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
    }  # fmt: skip
    if faults:
        body["errors"] = faults
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
