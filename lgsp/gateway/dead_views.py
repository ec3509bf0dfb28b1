"""How dead letters, their groups and the tasks over them look to HTTP clients."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import from_json

from lgsp.channels import DeadEntry
from lgsp.dead_letters import (
    Action,
    DeadFilter,
    DeadGroup,
    DryRun,
    Forecast,
    Problem,
    Task,
    TaskState,
    fingerprint,
)
from lgsp.gateway.problems import FaultDocument
from lgsp.gateway.views import iso
from lgsp.remark import Remark

__all__ = ["DeadView", "DryRunView", "ForecastView", "FullDeadView", "GroupView", "TaskView"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DeadView(_View):
    """A dead letter without its content; `system` is empty where no route took it, `group` says what went wrong."""

    id: str
    message_id: str
    kind: str
    subject: str
    system: str
    organizations: tuple[str, ...]
    code: str
    reason: str
    group: str
    attempts: int
    at: str

    @classmethod
    def of(cls, entry: DeadEntry) -> Self:
        """To be shown."""
        return cls(**_fields(entry))


class FullDeadView(DeadView):
    """A dead letter; `message` is the content where it can be read, else `raw`."""

    message: JsonValue = None
    raw: str | None = None

    @classmethod
    def of(cls, entry: DeadEntry) -> Self:
        """To be shown."""
        try:
            return cls(**_fields(entry), message=from_json(entry.body))
        except ValueError:
            return cls(**_fields(entry), raw=entry.body.decode(errors="replace"))


class GroupView(_View):
    """Dead letters of one cause; `reason` is without particulars, `sample` is the oldest."""

    group: str
    system: str
    code: str
    reason: str
    count: int
    first_at: str
    last_at: str
    sample: DeadView

    @classmethod
    def of(cls, group: DeadGroup) -> Self:
        """To be shown."""
        return cls(
            group=group.group, system=group.system, code=group.code, reason=group.reason, count=group.count,
            first_at=iso(group.first_ms), last_at=iso(group.last_ms), sample=DeadView.of(group.sample),
        )  # fmt: skip


class ForecastView(_View):
    """What would become of one dead letter that is replayed now."""

    id: str
    message_id: str
    subject: str
    verdict: Annotated[
        Literal["send", "dropped", "expired", "invalid", "unrouted", "no_system", "gone"],
        Field(
            description="send: it goes out. dropped: it goes out, and its receiver, which has it, drops it. "
            "expired: its own time is over. The others are refused, with the reason in `detail` and `faults`."
        ),
    ]
    to: tuple[str, ...]
    detail: str
    remark: Remark | None
    faults: tuple[FaultDocument, ...]

    @classmethod
    def of(cls, one: Forecast) -> Self:
        """To be shown."""
        faults = tuple(
            FaultDocument(
                code=fault.code, place=fault.place, message=fault.message, message_vi=fault.message_vi
            )
            for fault in one.faults
        )
        return cls(
            id=one.id, message_id=one.message_id, subject=one.subject, verdict=one.verdict.value, to=one.to,
            detail=one.detail, remark=one.remark, faults=faults,
        )  # fmt: skip


class DryRunView(_View):
    """What a replay of `total` dead letters would do; the first `examined` (at most a thousand) were looked at, in order."""

    total: int
    examined: int
    verdicts: dict[str, int]
    forecasts: tuple[ForecastView, ...]

    @classmethod
    def of(cls, ran: DryRun) -> Self:
        """To be shown."""
        forecasts = tuple(ForecastView.of(one) for one in ran.forecasts)
        return cls(total=ran.total, examined=ran.examined, verdicts=dict(ran.verdicts), forecasts=forecasts)


class TaskView(_View):
    """A task. `total` is null until a worker has counted; `problems` names those that it could not do, at most a thousand."""

    id: str
    action: Action
    state: TaskState
    filter: DeadFilter
    ids: int
    rate_per_s: float
    reason: str
    total: int | None
    done: int
    failed: int
    left: int | None
    problems: tuple[Problem, ...]
    created_at: str
    ended_at: str | None
    worker: str

    @classmethod
    def of(cls, task: Task) -> Self:
        """To be shown."""
        order, progress = task.order, task.progress
        left = None if progress.total is None else progress.total - progress.done - progress.failed
        return cls(
            id=task.id, action=order.action, state=task.state, filter=order.filter, ids=len(order.ids),
            rate_per_s=order.rate_per_s, reason=order.reason, total=progress.total, done=progress.done, failed=progress.failed,
            left=left, problems=tuple(progress.problems), created_at=iso(order.created_ms),
            ended_at=None if progress.ended_ms is None else iso(progress.ended_ms), worker=progress.owner,
        )  # fmt: skip


def _fields(entry: DeadEntry) -> dict[str, JsonValue]:
    return {
        "id": entry.id, "message_id": entry.message_id, "kind": entry.kind, "subject": entry.subject,
        "system": entry.system, "organizations": list(entry.organizations), "code": entry.code, "reason": entry.reason,
        "group": fingerprint(entry), "attempts": entry.attempts, "at": iso(entry.at_ms),
    }  # fmt: skip
