"""What serves a stand-in: the shortest way to the wire's plain routes, which need nothing of what FastAPI puts around its own."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, partial
from inspect import iscoroutinefunction
from typing import cast, get_type_hints

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp_mocks.kit.incoming import peek
from lgsp_mocks.kit.later import Later
from lgsp_mocks.kit.matching import MOST_BYTES
from lgsp_mocks.kit.problems import refused
from lgsp_mocks.kit.state import State

__all__ = ["Application", "FormRoute", "Routes", "Short", "Wire"]

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


class FormRoute(APIRoute):
    """Takes one form and answers an object. A form without a fault needs nothing of FastAPI, which tells the faults of the others."""

    @cached_property
    def form(self) -> type[BaseModel]:
        """What its endpoint takes."""
        [kind] = (kind for name, kind in get_type_hints(self.endpoint).items() if name != "return")
        return cast("type[BaseModel]", kind)

    async def read(self, scope: Scope, receive: Receive) -> tuple[Endpoint | None, Receive]:
        """What answers it, unless FastAPI has to, and where its body can still be read."""
        if (b"content-type", b"application/json") not in scope["headers"]:
            return None, receive
        peeked = await peek(receive, MOST_BYTES)
        if not peeked.is_whole:
            return None, peeked.receive
        try:
            return partial(self._answer, self.form.model_validate_json(peeked.body)), peeked.receive
        except ValidationError:
            return None, peeked.receive

    async def _answer(self, form: BaseModel, _: Request) -> Response:
        return JSONResponse(await self.endpoint(form), self.status_code or 200)


class Wire:
    """Behind all that a request may meet: its route, or FastAPI for the routes that FastAPI has to read for, and for unknown paths.

    What a request changed is on disk before its answer leaves; what was due before it is done.
    """

    def __init__(self, app: FastAPI, state: State, later: Later) -> None:
        self._otherwise = ExceptionMiddleware(AsyncExitStackMiddleware(app.router), app.exception_handlers)
        forms = [route for route in app.router.routes if isinstance(route, FormRoute)]
        self._forms = {(method, route.path): route for route in forms for method in route.methods or ()}
        self._state = state
        self._later = later

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        self._later.catch_up()
        endpoint = cast("Endpoint | None", scope.get(_CHOSEN))
        if endpoint is None and (form := self._forms.get((scope["method"], scope["path"]))) is not None:
            endpoint, receive = await form.read(scope, receive)
        if endpoint is None:
            scope.pop("path_params", None)
            await self._otherwise(scope, receive, self._once_stored(send))
            return
        request = Request(scope, receive, send)
        try:
            answer = await endpoint(request)
        except HTTPException as refusal:
            answer = await refused(request, refusal)
        await self._state.commit()
        await answer(scope, receive, send)

    def _once_stored(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._state.commit()
            await send(message)

        return sending
