"""create_app: a stand-in as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import Clock, SteerableClock, SystemClock
from lgsp.standards import identifiers
from lgsp_mocks.kit.authority import Authority
from lgsp_mocks.kit.control import router
from lgsp_mocks.kit.faults import FaultMiddleware, Faults
from lgsp_mocks.kit.files import Files
from lgsp_mocks.kit.journal import JournalMiddleware
from lgsp_mocks.kit.population import population
from lgsp_mocks.kit.problems import add_problem_handlers
from lgsp_mocks.kit.runtime import Runtime
from lgsp_mocks.kit.standin import Context, StandIn
from lgsp_mocks.kit.state import State

__all__ = ["create_app"]


def create_app(  # noqa: PLR0913 - the composition root of a stand-in; everything has a default
    stand_in: StandIn,
    *,
    data_dir: Path | None = None,
    clock: Clock | None = None,
    settings: Mapping[str, str] | None = None,
    autopilot: bool = True,
    http: httpx.AsyncClient | None = None,
    seed: int = 34,
) -> FastAPI:
    """A stand-in with its wire, its control endpoints and, where wanted, its people. Without `data_dir` it forgets at the end."""
    time = clock or SteerableClock()
    state = State(data_dir / f"{stand_in.name}.sqlite3" if data_dir else None)
    files = Files(data_dir / f"{stand_in.name}.files" if data_dir else None)
    client = http or httpx.AsyncClient(timeout=10)
    given = dict(settings or {})
    folder = Path(given["authority_dir"]) if "authority_dir" in given else data_dir and data_dir / "authority"
    authority = partial(_authority, folder)
    context = Context(state, time, population(seed), given, client, identifiers.new_id, files, authority)
    runtime = Runtime(stand_in, context, stand_in.build(context), Faults(time))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await state.open()
        if state.is_empty:
            runtime.parts.seed()
            await state.commit()
        people = asyncio.create_task(runtime.autopilot()) if autopilot else None
        try:
            yield
        finally:
            if people is not None:
                people.cancel()
                with suppress(asyncio.CancelledError):
                    await people
            await state.aclose()
            if http is None:
                await client.aclose()

    app = FastAPI(title=f"{stand_in.title} (stand-in)", description=stand_in.title_vi, lifespan=lifespan)
    app.state.runtime = runtime
    app.state.context = context
    app.state.parts = runtime.parts
    add_problem_handlers(app)
    app.include_router(router)
    app.router.routes.extend(runtime.parts.routes)
    app.add_middleware(_CommitMiddleware, state=state)
    app.add_middleware(FaultMiddleware, faults=runtime.faults, clock=time)
    app.add_middleware(JournalMiddleware, journal=runtime.journal, clock=time)
    return app


@lru_cache(maxsize=64)
def _authority(folder: Path | None) -> Authority:
    """Opened when somebody signs, and no sooner: making the first key takes a while. Years around the machine's time are covered."""
    return Authority.open(folder, SystemClock())


class _CommitMiddleware:
    """What a request changed is on disk before its answer leaves."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._state.commit()
            await send(message)

        await self._app(scope, receive, sending)
