"""A system's own wire, `/in/<system>`: where its path is fixed, the call is led past the layers for pages and for the API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp.wirelog import CapturedCallbacks, Taker

__all__ = ["Gateway"]

_Endpoint = Callable[[Request], Awaitable[Response]]
_Handlers = Mapping[Any, Callable[[Request, Any], Any]]


@dataclass(frozen=True, slots=True)
class _Wire:
    app: ASGIApp
    root_path: str


class _Short:
    """ASGI: from a request to a response. Errors are answered as the API's are; what is nobody's mistake but ours is raised besides."""

    def __init__(self, endpoint: _Endpoint, handlers: _Handlers) -> None:
        self._endpoint, self._handlers = endpoint, handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            answer = await self._endpoint(request)
        except Exception as error:
            kind = next(kind for kind in type(error).__mro__ if kind in self._handlers)
            refusal: Response = await self._handlers[kind](request, error)
            await refusal(scope, receive, send)
            if kind is Exception:
                raise
        else:
            await answer(scope, receive, send)


class Gateway(FastAPI):
    """Knows the systems' wires by method and path: a system asks all day long, and needs nothing of what FastAPI puts around its own."""

    def mount_wires(self, callbacks: Mapping[str, Sequence[BaseRoute]], taker: Taker | None) -> None:
        """Each system's routes under `/in/<system>`. What is around the API's routes (errors, limits, guard) must be there before."""
        self._wires: dict[tuple[str, str], _Wire] = {}
        for system, routes in callbacks.items():
            root, heard = f"/in/{system}", [Middleware(CapturedCallbacks, system, taker)] if taker else []
            # First: each router before it would look at the call.
            self.router.routes.insert(
                0, Mount(root, routes=list(routes), name=f"in-{system}", middleware=heard)
            )
            for route in routes:
                if (
                    type(route) is Route
                    and not route.param_convertors
                    and iscoroutinefunction(route.endpoint)
                ):
                    app: ASGIApp = _Short(route.endpoint, self.exception_handlers)
                    wire = _Wire(CapturedCallbacks(app, system, taker) if taker else app, root)
                    for method in route.methods or ():
                        self._wires.setdefault((method, root + route.path), wire)
        front: ASGIApp = self._answer
        for layer in reversed(self.user_middleware):
            front = layer.cls(front, *layer.args, **layer.kwargs)
        self._front = front

    def shorten(self, routes: Sequence[BaseRoute]) -> None:
        """Also the way to these, of ours: from a request to a response, so that FastAPI has nothing to read and nothing to check."""
        for route in routes:
            if isinstance(route, APIRoute):
                wire = _Wire(_Short(route.endpoint, self.exception_handlers), "")
                self._wires |= {(method, route.path): wire for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and (scope["method"], scope["path"]) in self._wires:
            await self._front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire = self._wires[scope["method"], scope["path"]]
        root_path = scope.get("root_path", "")
        scope.update(
            {
                "app": self, "router": self.router, "path_params": {}, "app_root_path": root_path, "root_path": root_path + wire.root_path,
            }
        )  # fmt: skip
        await wire.app(scope, receive, send)
