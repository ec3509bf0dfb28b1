"""Answers of the portal's wire: HTTP 200 always, `error_code` tells; and problem details for the people's own routes."""

from collections.abc import Sequence

from pydantic import JsonValue
from starlette.responses import JSONResponse

from lgsp.errors import Fault

__all__ = [
    "DUPLICATE",
    "FAILED",
    "NOT_FOUND",
    "WireError",
    "invalid_packet",
    "ok",
    "problem",
    "refusal",
]

FAILED = -1
DUPLICATE = 3
NOT_FOUND = -3
SUCCESS = "Thành công"


class WireError(Exception):
    """The portal refuses a request; nothing of it was applied."""

    def __init__(self, error_code: int, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message


def invalid_packet(faults: Sequence[Fault]) -> WireError:
    """A packet that breaks its model: every fault by JSON Pointer."""
    listed = "; ".join(f"{fault.place or '/'}: {fault.message_vi}" for fault in faults)
    return WireError(FAILED, f"Gói tin không hợp lệ: {listed}")


def ok(result: JsonValue = None) -> JSONResponse:
    """Success, with a result where the service has one."""
    answer: dict[str, JsonValue] = {"error_code": 0, "message": SUCCESS}
    return JSONResponse(answer if result is None else answer | {"result": result})


def refusal(error: WireError) -> JSONResponse:
    """An error of the wire."""
    return JSONResponse({"error_code": error.error_code, "message": error.message})


def problem(status: int, title: str, faults: Sequence[Fault] = ()) -> JSONResponse:
    """Problem details (RFC 9457) for the routes that people use."""
    body: dict[str, JsonValue] = {"type": "about:blank", "title": title, "status": status}
    if faults:
        body["errors"] = [
            {"pointer": fault.place, "detail": fault.message, "detail_vi": fault.message_vi}
            for fault in faults
        ]
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
