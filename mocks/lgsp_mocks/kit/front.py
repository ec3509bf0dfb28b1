"""What serves a stand-in: the shortest way to the wire's plain routes, which need nothing of what FastAPI puts around its own."""

from collections.abc import Sequence
from typing import cast

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp_mocks.kit.problems import refused

__all__ = ["Application", "Routes", "Wire"]

_CHOSEN = "lgsp_mocks.route"


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
        self._known: dict[tuple[str, str], BaseRoute] = {}

    def choose(self, scope: Scope) -> bool:
        """Whether there is one; the scope has it from then on."""
        call = (scope["method"], scope["path"])
        known = self._known.get(call)
        if known is not None:
            scope[_CHOSEN] = known, {"endpoint": getattr(known, "endpoint", None), "path_params": {}}
            return True
        for route in self.every:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope[_CHOSEN] = route, found
                if getattr(route, "path", "") == scope["path"]:
                    self._known[call] = route
                return True
        return False


class Wire:
    """Behind all that a request may meet: its route, or FastAPI for the routes that FastAPI has to read for, and for unknown paths."""

    def __init__(self, app: FastAPI) -> None:
        self._otherwise = ExceptionMiddleware(AsyncExitStackMiddleware(app.router), app.exception_handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        route, found = cast("tuple[BaseRoute | None, Scope]", scope.get(_CHOSEN, (None, {})))
        if type(route) is not Route:
            await self._otherwise(scope, receive, send)
            return
        scope.update(found)
        try:
            await route.handle(scope, receive, send)
        except HTTPException as refusal:
            answer = await refused(Request(scope, receive), refusal)
            await answer(scope, receive, send)
