"""/api/messages, /api/trace, /api/routes."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import StreamingResponse

from lgsp.clock import VIETNAM
from lgsp.errors import NotFoundError
from lgsp.gateway.events import EVENT_BODY, event_body
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.sheets import BYTE_ORDER_MARK, csv_lines
from lgsp.gateway.views import decision_view, held_view, iso, message_view, traced_view
from lgsp.message import Message
from lgsp.store import MessageQuery

__all__ = ["Search", "message_routes"]


Organization = Annotated[str | None, Field(max_length=100)]
Moment = Annotated[datetime | None, Field(description="without a zone it is Vietnamese time")]
Seq = Annotated[int | None, Field(ge=0, lt=2**63)]


class Filters(BaseModel):
    """Query parameters that say which messages are meant."""

    model_config = ConfigDict(extra="forbid")

    type: str | None = None
    state: str | None = None
    text: Annotated[str | None, Field(max_length=200)] = None
    system: Annotated[str | None, Field(max_length=100)] = None
    sender: Organization = None
    recipient: Organization = None
    since: Moment = None
    until: Moment = None

    def to_query(self) -> MessageQuery:
        """For the store."""
        return MessageQuery(
            type=self.type, state=self.state, text=self.text, system=self.system, sender=self.sender,
            recipient=self.recipient, since_ms=_milliseconds(self.since), until_ms=_milliseconds(self.until),
        )  # fmt: skip


class Search(Filters):
    """Query parameters of the search."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    after: Seq = None
    newer: Seq = None

    def to_query(self) -> MessageQuery:
        """For the store."""
        return replace(super().to_query(), limit=self.limit, after=self.after, newer=self.newer)


MOST_SUBJECTS = 50
"""Of a trace: so many are looked up among the held ones."""


_EXPORT_PAGE, _EXPORT_PAGES = 500, 200
_EXPORTED = (
    "type", "state", "number", "title", "sender", "recipients", "source", "subject", "message_id", "correlation_id",
)  # fmt: skip


def message_routes(services: GatewayServices) -> APIRouter:
    """Search, show, trace, explain."""
    routes = APIRouter(prefix="/api", tags=["messages"])

    @routes.get("/messages")
    async def search(query: Annotated[Search, Query()]) -> dict[str, JsonValue]:
        """Newest first; pass `next` as `after` for the next page, and a `seq` as `newer` for what came since."""
        found = await services.store.search(query.to_query())
        following = found[-1].seq if len(found) == query.limit else None
        return {"messages": [message_view(message) for message in found], "next": following}

    @routes.get("/messages.csv", response_class=StreamingResponse)
    async def export(filters: Annotated[Filters, Query()]) -> StreamingResponse:
        """What fits the filters, newest first, for a spreadsheet: 100,000 rows at most, a page of the store at a time.

        UTF-8 with a byte order mark; a cell that a spreadsheet would take for a formula begins with an apostrophe.
        """
        return StreamingResponse(
            _exported(services, filters.to_query()),
            media_type="text/csv",
            headers={
                "Content-Disposition": 'attachment; filename="messages.csv"',
                "Cache-Control": "no-store",
            },
        )

    @routes.get("/messages/{message_id:path}")
    async def show(message_id: str) -> dict[str, JsonValue]:
        """One message: its journey, and the whole of it."""
        traced, body = await services.store.find(message_id)
        return traced_view(traced) | {"message": body}

    @routes.get("/trace/{key:path}")
    async def trace(key: str) -> dict[str, JsonValue]:
        """The journey of a message, a document or a dossier; `held` says which of its messages wait behind which, and until when."""
        found = await services.store.trace(key)
        if not found:
            raise NotFoundError(
                f"nothing is known under {key!r} (message id, subject, correlation id, số/ký hiệu, mã hồ sơ)"
            )
        held = await _held(services, dict.fromkeys(traced.message.subject for traced in found))
        return {"key": key, "messages": [traced_view(traced) for traced in found], "held": held}

    @routes.post("/routes/explain", openapi_extra=EVENT_BODY)
    async def explain(request: Request) -> dict[str, JsonValue]:
        """Who would get this message, and why; nothing is sent."""
        return decision_view(services.router.explain(Message.from_json(await event_body(request))))

    return routes


async def _exported(services: GatewayServices, query: MessageQuery) -> AsyncIterator[bytes]:
    yield BYTE_ORDER_MARK + csv_lines([("accepted_at", *_EXPORTED)])
    after: int | None = None
    for _ in range(_EXPORT_PAGES):
        rows = await services.store.search(replace(query, limit=_EXPORT_PAGE, after=after))
        yield csv_lines((iso(row.accepted_ms), *(getattr(row, name) for name in _EXPORTED)) for row in rows)
        if len(rows) < _EXPORT_PAGE:
            return
        after = rows[-1].seq


def _milliseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).timestamp() * 1000)


async def _held(services: GatewayServices, subjects: Iterable[str]) -> list[JsonValue]:
    if services.standing is None:
        return []
    found: list[JsonValue] = []
    for subject in islice(subjects, MOST_SUBJECTS):
        found += [held_view(one) for one in await services.standing.held(subject)]
    return found
