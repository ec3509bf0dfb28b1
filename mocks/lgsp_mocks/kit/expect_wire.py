"""Expectations before the wire; and, where nothing answers, what would have been nearest."""

from difflib import get_close_matches
from typing import cast

from pydantic import JsonValue
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp.clock import Clock
from lgsp_mocks.kit.expectations import Answer, Chosen, Expectations
from lgsp_mocks.kit.front import Routes
from lgsp_mocks.kit.incoming import peek
from lgsp_mocks.kit.journal import KEEP_BYTES, current_visit, is_wire
from lgsp_mocks.kit.matching import MOST_BYTES, Incoming

__all__ = ["ExpectationMiddleware"]

_NOTHING = Chosen()


class ExpectationMiddleware:
    """The first expectation that a request meets answers it; else the stand-in does; else the journal says why nobody did."""

    def __init__(self, app: ASGIApp, *, expectations: Expectations, clock: Clock, routes: Routes) -> None:
        self._app = app
        self._expectations = expectations
        self._clock = clock
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_known = self._routes.choose(scope)
        chosen = _NOTHING
        if len(self._expectations):
            chosen, receive = await self._chosen(scope, receive, is_known=is_known)
        if chosen.answer is not None:
            _note(chosen, "expectation", [])
            receive = (await peek(receive, MOST_BYTES)).receive
            await self._give(chosen.answer, scope, receive, send)
            return
        if not is_known:
            # Nobody would read it, and the journal would not see it.
            receive = (await peek(receive, KEEP_BYTES)).receive
        await self._app(scope, receive, send)
        _note(chosen, "stand-in" if is_known else "nobody", [] if is_known else self._nearest(scope))

    async def _chosen(self, scope: Scope, receive: Receive, *, is_known: bool) -> tuple[Chosen, Receive]:
        body: bytes | None = None
        if self._expectations.wants_body:
            peeked = await peek(receive, MOST_BYTES + 1)
            receive = peeked.receive
            body = peeked.body if peeked.is_whole and len(peeked.body) <= MOST_BYTES else None
        headers = Headers(scope=scope)
        request = Incoming.of(scope["method"], scope["path"], scope["query_string"], headers, body)
        return self._expectations.choose(request, is_known=is_known), receive

    async def _give(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        if answer.delay_s:
            await self._clock.sleep(answer.delay_s)
        content, kind = answer.content()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if kind:
            headers.setdefault("content-type", kind)
        await Response(content, answer.status, headers)(scope, receive, send)

    def _nearest(self, scope: Scope) -> list[JsonValue]:
        partial = [route for route in self._routes.every if route.matches(scope)[0] is Match.PARTIAL]
        allowed = sorted({one for route in partial for one in getattr(route, "methods", None) or ()})
        if allowed:
            return [
                {
                    "stand-in": scope["path"],
                    "differences": [f"method: wanted {' or '.join(allowed)}, came {scope['method']}"],
                }
            ]
        known = [
            str(path) for route in self._routes.every if is_wire(path := getattr(route, "path", "")) and path
        ]
        close = get_close_matches(scope["path"], known, 1, 0.5)
        return [
            {"stand-in": path, "differences": [f"path: wanted {path!r}, came {scope['path']!r}"]}
            for path in close
        ]


def _note(chosen: Chosen, answered_by: str, nearest: list[JsonValue]) -> None:
    visit = current_visit()
    if visit is None:
        return
    visit.answered_by = visit.answered_by or answered_by
    visit.expectation = chosen.id
    if chosen.why_not or nearest:
        visit.why_not = [*(cast("dict[str, JsonValue]", dict(one)) for one in chosen.why_not), *nearest]
