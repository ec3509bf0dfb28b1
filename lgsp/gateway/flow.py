"""/api/flow: what moves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request
from pydantic import JsonValue
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from lgsp.channels import Activity
from lgsp.endpoint import until_stopped
from lgsp.errors import BackpressureError
from lgsp.gateway.flow_view import FlowOverview, FlowView
from lgsp.gateway.ports import GatewayServices

__all__ = ["flow_routes"]

LOOK_S = 0.25
HEARTBEAT_S = 10.0
MOST_WATCHERS = 64
Kind = Literal["document", "dossier", "status", "other"]
_ANSWERS = frozenset({"document.status", "dossier.progressed"})
_ID = r"^\d{1,15}-\d{1,10}$"


def flow_routes(services: GatewayServices) -> APIRouter:
    """The state, and the events."""
    routes = APIRouter(prefix="/api/flow", tags=["flow"])
    watching: set[object] = set()
    overview = FlowOverview(services)

    @routes.get("")
    async def now() -> FlowView:
        """Each system: what came from it and went to it, what waits and since when, and a light with its reasons."""
        return await overview.view()

    @routes.get("/events", response_class=StreamingResponse)
    async def events(
        request: Request, last_event_id: Annotated[str | None, Header(pattern=_ID)] = None
    ) -> StreamingResponse:
        """Server-sent events `activity`, four a second at most: how many messages of which kind took which step at which system.

        Takes up where `Last-Event-ID` ended, as far back as is kept. 429 when too many watch.
        """
        if len(watching) >= MOST_WATCHERS:
            raise BackpressureError("too many pages watch the flow; close some", retry_after_s=5.0)
        start = last_event_id or await services.activity.last_id()

        async def stream() -> AsyncIterator[bytes]:
            me = object()
            watching.add(me)
            try:
                async for event in _events(services, start):
                    yield event
            finally:
                watching.discard(me)

        return StreamingResponse(
            stream(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


async def _events(services: GatewayServices, start: str) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    last, silent_s = start, 0.0
    while not services.stopping.is_set():
        found = await services.activity.since(last)
        if found:
            last, silent_s = found[-1].id, 0.0
            yield b"event: activity\nid: %s\ndata: %s\n\n" % (last.encode(), to_json(activity_view(found)))
        elif silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield b": still here\n\n"
        silent_s += LOOK_S
        await until_stopped(asyncio.sleep(LOOK_S), services.stopping)


def activity_view(found: Sequence[Activity]) -> dict[str, JsonValue]:
    """Several batches as one, whose size depends on how many systems there are, and not on how much moved."""
    counts: Counter[tuple[str, str, Kind]] = Counter()
    for batch in found:
        for (step, system, kind), count in batch.counts.items():
            counts[step, system, _kind(kind)] += count
    moved: list[JsonValue] = [
        {"step": step, "system": system, "kind": kind, "count": count}
        for (step, system, kind), count in counts.items()
    ]
    return {"moved": moved}


def _kind(message_type: str) -> Kind:
    """What people call it: a status or a progress is an answer to a document or dossier, whatever its schema."""
    if message_type in _ANSWERS:
        return "status"
    match message_type.partition(".")[0]:
        case "document":
            return "document"
        case "dossier" | "result":
            return "dossier"
        case _:
            return "other"
