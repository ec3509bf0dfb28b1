"""/api/dead: what could not be delivered. One dead letter at a time; /api/dead/tasks has the many."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json

from lgsp.dead_letters import DeadFilter, DeadLetters
from lgsp.gateway.dead_views import DeadView, ForecastView, FullDeadView, GroupView
from lgsp.gateway.problems import documented
from lgsp.message import Message

__all__ = ["dead_routes"]

_WRONG = documented(404, 422, 503)


class _Listing(DeadFilter):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, Field(max_length=64)] = ""

    def to_filter(self) -> DeadFilter:
        return DeadFilter(**{name: getattr(self, name) for name in DeadFilter.model_fields})


class DeadListView(BaseModel):
    """A page, oldest first; pass `next` as `after` for the next one."""

    dead: list[DeadView]
    next: str | None


class GroupsView(BaseModel):
    """By what went wrong, the largest first."""

    groups: list[GroupView]
    total: int


class Discard(BaseModel):
    """Why it is given up; the journal keeps it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Edit(BaseModel):
    """The whole message as it should be. Its id is replaced by a new one; subject and source stay as they are."""

    model_config = ConfigDict(extra="forbid")

    message: dict[str, JsonValue]
    note: Annotated[str, Field(max_length=500)] = ""
    dry_run: bool = False


class Edited(BaseModel):
    """What was sent (or would be), under its new id; its `causationid` is the message that it replaces."""

    sent: bool
    replaces: str
    message: dict[str, JsonValue]
    forecast: ForecastView


def dead_routes(desk: DeadLetters) -> APIRouter:
    """List, group, show, replay, edit, discard."""
    routes = APIRouter(prefix="/api/dead", tags=["dead letters"])

    @routes.get("", responses=_WRONG)
    async def listing(wanted: Annotated[_Listing, Query()]) -> DeadListView:
        """The oldest first, without content. `system=` (empty) are those that no route took; `kind` takes `document.*`."""
        page = await desk.page(wanted.to_filter(), after=wanted.after, limit=wanted.limit)
        return DeadListView(dead=[DeadView.of(entry) for entry in page.entries], next=page.next)

    @routes.get("/groups", responses=_WRONG)
    async def groups(wanted: Annotated[DeadFilter, Query()]) -> GroupsView:
        """By what went wrong: system, code, and the reason without its particulars; the largest first."""
        found = await desk.groups(wanted)
        total = sum(group.count for group in found)
        return GroupsView(groups=[GroupView.of(group) for group in found], total=total)

    @routes.get("/{dead_id}", responses=_WRONG)
    async def show(dead_id: str) -> FullDeadView:
        """One dead letter with its content."""
        return FullDeadView.of(await desk.show(dead_id))

    @routes.post("/{dead_id}/replay", responses=_WRONG)
    async def replay(dead_id: str) -> DeadView:
        """Send it again, behind what already waits. Refused where the schema check, or no system, would take it now."""
        return DeadView.of(await desk.replay(dead_id))

    @routes.post("/{dead_id}/discard", responses=_WRONG)
    async def discard(dead_id: str, why: Discard) -> DeadView:
        """Give it up for good; the message store keeps its history."""
        return DeadView.of(await desk.discard(dead_id, reason=why.reason))

    @routes.post("/{dead_id}/edit", responses=_WRONG)
    async def edit(dead_id: str, wanted: Edit) -> Edited:
        """Give it up, and send an edited message in its place: new id, its cause named, schema checked again; in one step."""
        edited = Message.from_json(to_json(wanted.message))
        sent, forecast = await desk.edit(dead_id, edited, note=wanted.note, dry_run=wanted.dry_run)
        return Edited(
            sent=not wanted.dry_run,
            replaces=sent.causationid or "",
            message=sent.model_dump(mode="json", exclude_none=True),
            forecast=ForecastView.of(forecast),
        )

    return routes
