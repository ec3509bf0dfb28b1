"""Answers of the portal's wire: HTTP 200 always, `error_code` tells; and problem details for the people's own routes."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from starlette.responses import JSONResponse

from lgsp.errors import Fault

__all__ = [
    "DUPLICATE",
    "FAILED",
    "NOT_FOUND",
    "SUCCESS",
    "Problem",
    "WireError",
    "invalid_packet",
    "ok",
    "problem",
    "refused",
]

FAILED = -1
DUPLICATE = 3
NOT_FOUND = -3
SUCCESS = "Thành công"
LISTED = 100
"""An answer names at most so many faults."""


class WireError(Exception):
    """The portal refuses a request; nothing of it was applied."""

    def __init__(self, error_code: int, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message

    def answer(self) -> dict[str, JsonValue]:
        """As it goes over the wire."""
        return {"error_code": self.error_code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one item of a batch, by JSON Pointer; `text` in Vietnamese / English."""

    error_code: int
    place: str
    text: str


def invalid_packet(faults: Sequence[Fault], others: Sequence[Problem] = ()) -> WireError:
    """A packet that breaks its model: every fault by JSON Pointer, and what else is wrong with the items that keep it."""
    lines = [f"{fault.place or '/'}: {_both(fault)}" for fault in faults]
    lines += [f"{other.place}: {other.text}" for other in others]
    return WireError(FAILED, f"Gói tin không hợp lệ: {_listed(lines)}")


def refused(problems: Sequence[Problem]) -> WireError:
    """A batch that can't be applied: the items' own code where they share one, else -1."""
    codes = {one.error_code for one in problems}
    lines = [f"{one.place}: {one.text}" for one in problems]
    return WireError(codes.pop() if len(codes) == 1 else FAILED, _listed(lines))


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - LISTED
    return "; ".join([*lines[:LISTED], *([f"… và {more} lỗi nữa / and {more} more"] if more > 0 else [])])


def _both(fault: Fault) -> str:
    return fault.message_vi if fault.message in fault.message_vi else f"{fault.message_vi} / {fault.message}"


def ok(result: JsonValue = None) -> dict[str, JsonValue]:
    """Success, with a result where the service has one."""
    answer: dict[str, JsonValue] = {"error_code": 0, "message": SUCCESS}
    return answer if result is None else answer | {"result": result}


def problem(status: int, title: str, faults: Sequence[Fault] = ()) -> JSONResponse:
    """Problem details (RFC 9457) for the routes that people use."""
    body: dict[str, JsonValue] = {"type": "about:blank", "title": title, "status": status}
    if faults:
        body["errors"] = [
            {"pointer": fault.place, "detail": fault.message, "detail_vi": fault.message_vi}
            for fault in faults
        ]
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
