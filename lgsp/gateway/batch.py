"""Publishing a batch: each event has its own verdict, and none takes another down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import to_json
from starlette.responses import Response

from lgsp.channels import Accepted
from lgsp.errors import InvalidMessageError, LgspError
from lgsp.gateway.events import event_id
from lgsp.gateway.problems import Problem, ProblemDocument, bug, problem_of
from lgsp.message import Message

__all__ = ["BatchReceipt", "Event", "Receipt", "batch_answer"]


class Receipt(BaseModel):
    """What is said of an accepted message; `new` is false for a repeat."""

    model_config = ConfigDict(frozen=True)

    id: str
    new: bool
    partition: int
    entry_id: str


class AcceptedEvent(BaseModel):
    """An event that was accepted: 202 when new, 200 for a repeat."""

    model_config = ConfigDict(frozen=True)

    status: int
    id: str
    new: bool
    partition: int
    entry_id: str


class RefusedEvent(BaseModel):
    """An event that was refused; the places of its faults begin with its index in the batch."""

    model_config = ConfigDict(frozen=True)

    status: int
    id: str | None
    problem: ProblemDocument


class BatchReceipt(BaseModel):
    """A verdict for each event, in the order of the batch, and how many there are of each kind."""

    model_config = ConfigDict(frozen=True)

    accepted: int
    repeated: int
    refused: int
    events: tuple[AcceptedEvent | RefusedEvent, ...]


@dataclass(slots=True)
class Event:
    """An event of a batch: as it came, as far as it could be read, and what came of it."""

    item: object
    raw: bytes = b""
    message: Message | None = None
    result: Accepted | Exception | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    shown: dict[str, JsonValue]
    problem: Problem | None = None


def batch_answer(events: Sequence[Event]) -> Response:
    """A verdict for each.

    202 when all were accepted (200 when all are repeats), 207 when some were; when none was, the answer is a problem, so that a
    client which looks at nothing but the status repeats the batch, which is harmless.
    """
    verdicts = [_verdict(number, event) for number, event in enumerate(events)]
    statuses = [verdict.shown["status"] for verdict in verdicts]
    problems = [verdict.problem for verdict in verdicts if verdict.problem is not None]
    answer: dict[str, JsonValue] = {
        "accepted": statuses.count(202),
        "repeated": statuses.count(200),
        "refused": len(problems),
        "events": [verdict.shown for verdict in verdicts],
    }
    headers = _come_back(problems)
    if problems and len(problems) == len(events):
        worst = max(problems, key=lambda problem: _GRAVITY.get(problem.status, 0))
        detail = f"none of the {len(events)} events was accepted; the gravest: {worst.detail}"
        more: dict[str, JsonValue] = {"code": worst.more.get("code", ""), **answer}
        return replace(worst, detail=detail, more=more, headers=headers).response()
    status = 207 if problems else 202 if answer["accepted"] or not events else 200
    return Response(to_json(answer), status, headers=headers, media_type="application/json")


_GRAVITY = {429: 1, 503: 2, 500: 3}
"""Where a later try can help, that is what is said of the whole."""


def _verdict(number: int, event: Event) -> _Verdict:
    result, message = event.result, event.message
    if message is not None and isinstance(result, Accepted):
        return _Verdict(
            {
                "status": 202 if result.is_new else 200, "id": message.id, "new": result.is_new,
                "partition": result.partition, "entry_id": result.entry_id,
            }
        )  # fmt: skip
    if isinstance(result, InvalidMessageError):
        moved = [replace(fault, place=f"/{number}{fault.place}") for fault in result.faults]
        problem = problem_of(InvalidMessageError(result.what, moved))
    elif isinstance(result, LgspError):
        problem = problem_of(result)
    else:
        unknown = result if isinstance(result, Exception) else RuntimeError("nothing came of it")
        problem = bug(unknown, f"/v1/messages, event {number}")
    shown: dict[str, JsonValue] = {"status": problem.status, "id": event_id(event.item)}
    return _Verdict({**shown, "problem": problem.body()}, problem)


def _come_back(problems: Sequence[Problem]) -> dict[str, str] | None:
    waits = [int((problem.headers or {}).get("Retry-After", 0)) for problem in problems]
    return {"Retry-After": str(max(waits))} if any(waits) else None
