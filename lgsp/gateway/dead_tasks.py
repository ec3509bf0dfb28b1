"""/api/dead/tasks: replay or discard many dead letters, at a rate, with progress."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lgsp.dead_letters import MAX_NAMED, Action, DeadFilter, DeadLetters, Order
from lgsp.gateway.dead_views import DryRunView, TaskView
from lgsp.gateway.problems import documented

__all__ = ["task_routes"]

_WRONG = documented(404, 422, 503)
_OVER = documented(404, 409, 503)


class Selection(BaseModel):
    """Which dead letters: those named by `ids`, those that fit `filter` (`group` is one of its fields), or `all` of them."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_NAMED)] = []
    filter: DeadFilter = DeadFilter()
    all: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.ids), not self.filter.is_empty, self.all)) != 1:
            raise ValueError("say which: by ids, by a filter, or all: true; and only one of these")
        return self


class NewTask(Selection):
    """What is to be done with them. `reason` is needed where they are discarded."""

    action: Action
    rate_per_s: Annotated[float, Field(gt=0, le=1000)] = 20.0
    reason: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.action == "discard" and not self.reason.strip():
            raise ValueError("reason: say why they are given up; the journal keeps it")
        return self


class TasksView(BaseModel):
    """The newest first."""

    tasks: list[TaskView]


def task_routes(desk: DeadLetters) -> APIRouter:
    """Dry run, begin, watch, pause, resume, cancel."""
    routes = APIRouter(prefix="/api/dead", tags=["dead letters"])

    @routes.post("/dry-run", responses=_WRONG)
    async def dry_run(selection: Selection) -> DryRunView:
        """What a replay would send, what its receivers would drop, and what the schema check says now; nothing is sent."""
        order = Order(action="replay", filter=selection.filter, ids=tuple(selection.ids))
        return DryRunView.of(await desk.dry_run(order))

    @routes.post("/tasks", status_code=202, responses=_WRONG)
    async def begin(wanted: NewTask) -> TaskView:
        """Begin a task; a worker takes it up. It outlives this gateway and any worker, and names what it could not do."""
        order = Order(
            action=wanted.action, filter=wanted.filter, ids=tuple(wanted.ids), rate_per_s=wanted.rate_per_s, reason=wanted.reason
        )  # fmt: skip
        return TaskView.of(await desk.order(order))

    @routes.get("/tasks", responses=documented(503))
    async def listing() -> TasksView:
        """The newest two hundred."""
        return TasksView(tasks=[TaskView.of(task) for task in await desk.tasks()])

    @routes.get("/tasks/{task_id}", responses=documented(404, 503))
    async def show(task_id: str) -> TaskView:
        """How far it is."""
        return TaskView.of(await desk.task(task_id))

    @routes.post("/tasks/{task_id}/pause", responses=_OVER)
    async def pause(task_id: str) -> TaskView:
        """Stop for a while, within a second."""
        return TaskView.of(await desk.wish(task_id, "pause"))

    @routes.post("/tasks/{task_id}/resume", responses=_OVER)
    async def resume(task_id: str) -> TaskView:
        """Go on."""
        return TaskView.of(await desk.wish(task_id, "run"))

    @routes.post("/tasks/{task_id}/cancel", responses=_OVER)
    async def cancel(task_id: str) -> TaskView:
        """Stop for good; what is done stays done."""
        return TaskView.of(await desk.wish(task_id, "cancel"))

    return routes
