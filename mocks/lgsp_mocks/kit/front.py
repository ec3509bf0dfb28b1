"""What serves a stand-in: the shortest way to the wire's plain routes, which need nothing of what FastAPI puts around its own."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import iscoroutinefunction
from typing import cast

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp_mocks.kit.problems import refused

__all__ = ["Application", "Routes", "Short", "Wire"]

_CHOSEN = "lgsp_mocks.endpoint"
Endpoint = Callable[[Request], Awaitable[Response]]


class Short(Response):
    """A whole body, with the two headers that it needs."""

    def __init__(self, body: bytes, media_type: bytes) -> None:
        self.status_code, self.background = 200, None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), (b"content-type", media_type)]


class Application(FastAPI):
    """Its calls go to `front`, without FastAPI's telemetry, which asks the environment with each of them."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.front(scope, receive, send)


class Routes:
    """Which route answers a request; of a path without variables that is known after the first one."""

    def __init__(self, every: Sequence[BaseRoute]) -> None:
        self.every = every
        self._known: dict[tuple[str, str], Endpoint | None] = {}

    def choose(self, scope: Scope) -> bool:
        """Whether there is one; where its answer can be asked for at once, the scope has it from then on."""
        call = (scope["method"], scope["path"])
        if call in self._known:
            scope[_CHOSEN] = self._known[call]
            scope["path_params"] = {}
            return True
        for route in self.every:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope[_CHOSEN] = _endpoint(route)
                scope["path_params"] = found.get("path_params", {})
                if getattr(route, "path", "") == scope["path"]:
                    self._known[call] = scope[_CHOSEN]
                return True
        return False


def _endpoint(route: BaseRoute) -> Endpoint | None:
    """Of a plain route; FastAPI's own has to be asked for what it reads and checks first."""
    if not isinstance(route, Route) or isinstance(route, APIRoute) or not iscoroutinefunction(route.endpoint):
        return None
    return cast("Endpoint", route.endpoint)


class Wire:
    """Behind all that a request may meet: its route, or FastAPI for the routes that FastAPI has to read for, and for unknown paths."""

    def __init__(self, app: FastAPI) -> None:
        self._otherwise = ExceptionMiddleware(AsyncExitStackMiddleware(app.router), app.exception_handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        endpoint = cast("Endpoint | None", scope.get(_CHOSEN))
        if endpoint is None:
            scope.pop("path_params", None)
            await self._otherwise(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            answer = await endpoint(request)
        except HTTPException as refusal:
            answer = await refused(request, refusal)
        await answer(scope, receive, send)
