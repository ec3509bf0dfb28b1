"""A task: replay or discard many dead letters, at a rate, with progress; what is written down of it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from lgsp.channels import TaskRecord
from lgsp.dead_letters.groups import DeadFilter
from lgsp.errors import LgspError

__all__ = ["MAX_NAMED", "Action", "Order", "Problem", "Progress", "Task", "TaskEndedError", "TaskState"]

MAX_NAMED = 1000
"""So many dead letters can be named in one task, and so many problems are kept by name; all of them are counted."""

Action = Literal["replay", "discard"]


class TaskEndedError(LgspError):
    """The task is over: it can't be paused, resumed or cancelled any more."""

    code = "lgsp.task_ended"


class TaskState(StrEnum):
    """`waiting`: no worker has taken it up yet."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Order(BaseModel):
    """What is to be done, and to which dead letters: those named by `ids`, or those that fit `filter` and were buried before `until_ms`.

    `until_ms` is the server's time at which the order was given: what dies again is not replayed again.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    filter: DeadFilter = DeadFilter()
    ids: tuple[str, ...] = ()
    rate_per_s: Annotated[float, Field(gt=0, le=1000)] = 20.0
    reason: str = ""
    until_ms: int = 0
    created_ms: int = 0


class Problem(BaseModel):
    """A dead letter of the task to which it could not be done, and why; `code` is the error's, as in problem documents."""

    model_config = ConfigDict(frozen=True)

    id: str
    reason: str
    code: str = ""


class Progress(BaseModel):
    """How far it is. `last` is the sort key up to which it came; `ended` is done or cancelled, once it is over."""

    total: int | None = None
    done: int = 0
    failed: int = 0
    problems: list[Problem] = Field(default_factory=list)
    last: tuple[int, ...] = ()
    owner: str = ""
    ended: TaskState | None = None
    ended_ms: int | None = None


class Task(BaseModel):
    """A task as it stands."""

    model_config = ConfigDict(frozen=True)

    id: str
    order: Order
    wish: Literal["run", "pause", "cancel"]
    progress: Progress

    @classmethod
    def read(cls, record: TaskRecord) -> Self:
        """From what is written down."""
        return cls.model_validate(
            {
                "id": record.id,
                "order": Order.model_validate_json(record.about),
                "wish": record.wish,
                "progress": Progress.model_validate_json(record.progress),
            }
        )

    def written(self) -> TaskRecord:
        """To be written down."""
        about, progress = self.order.model_dump_json(), self.progress.model_dump_json()
        return TaskRecord(self.id, about.encode(), self.wish, progress.encode())

    @property
    def state(self) -> TaskState:
        """What it is doing."""
        if self.progress.ended is not None:
            return self.progress.ended
        match self.wish:
            case "pause":
                return TaskState.PAUSED
            case "cancel":
                return TaskState.CANCELLED
            case "run":
                return TaskState.RUNNING if self.progress.owner else TaskState.WAITING

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be done."""
        return self.state in {TaskState.DONE, TaskState.CANCELLED, TaskState.FAILED}
