"""A right stand-in behind a hand that tampers with what goes in and what comes out: a server that is wrong in one way."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from lgsp.http_server import HttpServer
from lgsp.registry import find_standin
from lgsp_mocks.kit import create_app


@dataclass(frozen=True)
class Call:
    """`path` with its query."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def packet(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    @property
    def fields(self) -> dict[str, Any]:
        return self.packet if isinstance(self.packet, dict) else {}

    def saying(self, **changes: Any) -> "Call":
        return replace(self, raw=json.dumps(self.fields | changes).encode())


@dataclass(frozen=True)
class Reply:
    status: int
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def saying(self, **changes: Any) -> "Reply":
        return replace(self, raw=json.dumps(self.body | changes).encode())


Forward = Callable[[Call], Awaitable[Reply]]
Hand = Callable[[Call, Forward], Awaitable[Reply]]


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())


@asynccontextmanager
async def tampered(name: str, hand: Hand) -> AsyncIterator[str]:
    """The base URL."""
    app: Any = create_app(find_standin(name), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://right") as right,
    ):

        async def forward(call: Call) -> Reply:
            kept = {
                key: value for key, value in call.headers.items() if key not in {"content-length", "host"}
            }
            answer = await right.request(call.method, call.path, headers=kept, content=call.raw)
            return Reply(answer.status_code, answer.content)

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            request = Request(scope, receive)
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            made = await hand(
                Call(request.method, path, dict(request.headers), await request.body()), forward
            )
            await Response(made.raw, made.status, media_type="application/json")(scope, receive, send)

        async def http_only(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await serve(scope, receive, send)
                return
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": message["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})

        server = HttpServer("tampered", "127.0.0.1", 0)
        await server.start(http_only)
        try:
            yield server.url
        finally:
            await server.stop()
