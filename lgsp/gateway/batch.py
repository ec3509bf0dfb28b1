"""Publishing a batch: each event has its own verdict, and none takes another down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import to_json
from starlette.responses import Response

from lgsp.errors import InvalidMessageError, LgspError
from lgsp.gateway.events import event_bytes
from lgsp.gateway.problems import Problem, ProblemDocument, bug, problem_of

__all__ = ["BatchReceipt", "Receipt", "publish_batch"]


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


@dataclass(frozen=True, slots=True)
class _Verdict:
    shown: dict[str, JsonValue]
    problem: Problem | None = None


async def publish_batch(items: Sequence[object], accept: Callable[[bytes], Awaitable[Receipt]]) -> Response:
    """Publish side by side, so that events share their round trips; events of one partition keep their order.

    202 when all were accepted (200 when all are repeats), 207 when some were; when none was, the answer is a problem, so that a
    client which looks at nothing but the status repeats the batch, which is harmless.
    """
    verdicts = await asyncio.gather(*(_judge(number, item, accept) for number, item in enumerate(items)))
    statuses = [verdict.shown["status"] for verdict in verdicts]
    problems = [verdict.problem for verdict in verdicts if verdict.problem is not None]
    answer: dict[str, JsonValue] = {
        "accepted": statuses.count(202),
        "repeated": statuses.count(200),
        "refused": len(problems),
        "events": [verdict.shown for verdict in verdicts],
    }
    headers = _come_back(problems)
    if problems and len(problems) == len(items):
        worst = max(problems, key=lambda problem: _GRAVITY.get(problem.status, 0))
        detail = f"none of the {len(items)} events was accepted; the gravest: {worst.detail}"
        more: dict[str, JsonValue] = {"code": worst.more.get("code", ""), **answer}
        return replace(worst, detail=detail, more=more, headers=headers).response()
    status = 207 if problems else 202 if answer["accepted"] or not items else 200
    return Response(to_json(answer), status, headers=headers, media_type="application/json")


_GRAVITY = {429: 1, 503: 2, 500: 3}
"""Where a later try can help, that is what is said of the whole."""


async def _judge(number: int, item: object, accept: Callable[[bytes], Awaitable[Receipt]]) -> _Verdict:
    try:
        receipt = await accept(event_bytes(item))
    except InvalidMessageError as exc:
        moved = [replace(fault, place=f"/{number}{fault.place}") for fault in exc.faults]
        problem = problem_of(InvalidMessageError(exc.what, moved))
    except LgspError as exc:
        problem = problem_of(exc)
    except Exception as exc:  # noqa: BLE001 - it is logged, and the others go on
        problem = bug(exc, f"/v1/messages, event {number}")
    else:
        status = 202 if receipt.new else 200
        return _Verdict({"status": status, **receipt.model_dump()})
    named = item.get("id") if isinstance(item, dict) else None
    message_id = named[:512] if isinstance(named, str) and named.isprintable() else None
    return _Verdict({"status": problem.status, "id": message_id, "problem": problem.body()}, problem)


def _come_back(problems: Sequence[Problem]) -> dict[str, str] | None:
    waits = [int((problem.headers or {}).get("Retry-After", 0)) for problem in problems]
    return {"Retry-After": str(max(waits))} if any(waits) else None
