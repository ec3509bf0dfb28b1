"""create_app: a stand-in as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from lgsp.clock import Clock, SteerableClock, SystemClock
from lgsp.http_client import HttpClient, HttpTransport
from lgsp.standards import identifiers
from lgsp.standards.tls import client_context
from lgsp_mocks.kit.authority import Authority
from lgsp_mocks.kit.control import router
from lgsp_mocks.kit.control_tests import router as tests_router
from lgsp_mocks.kit.expect_wire import ExpectationMiddleware
from lgsp_mocks.kit.expectations import Expectations
from lgsp_mocks.kit.fault_out import faulty_client
from lgsp_mocks.kit.fault_wire import FaultMiddleware
from lgsp_mocks.kit.faults import Faults
from lgsp_mocks.kit.files import Files
from lgsp_mocks.kit.front import Application, Routes, Wire
from lgsp_mocks.kit.journal import Journal, JournalMiddleware
from lgsp_mocks.kit.later import Later
from lgsp_mocks.kit.openapi import describe
from lgsp_mocks.kit.population import Population, population
from lgsp_mocks.kit.problems import add_problem_handlers
from lgsp_mocks.kit.runtime import Runtime
from lgsp_mocks.kit.skew import SkewedClock
from lgsp_mocks.kit.standin import Context, StandIn
from lgsp_mocks.kit.state import State

__all__ = ["create_app"]

_CONNECTIONS = 100


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
    files = Files(data_dir / f"{stand_in.name}.files", state) if data_dir else Files()
    own = HttpTransport(client_context(), max_connections=_CONNECTIONS)
    client = http or HttpClient(own, timeout_s=10)
    given = dict(settings or {})
    folder = Path(given["authority_dir"]) if "authority_dir" in given else data_dir and data_dir / "authority"
    authority = partial(_authority, folder)
    people = population(seed)
    journal = Journal(time)
    faults, later = Faults(time, journal, partial(_forms, people)), Later(time, state.commit)
    calls = faulty_client(client, faults, time, stand_in.wording)
    context = Context(
        state, SkewedClock(time), people, given, calls, identifiers.new_id, files, authority, faults, later
    )
    runtime = Runtime(stand_in, context, stand_in.build(context), time, faults, journal, Expectations(time))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await state.open()
        if state.is_empty:
            runtime.parts.seed()
            await state.commit()
        at_work = asyncio.create_task(runtime.autopilot()) if autopilot else None
        try:
            yield
        finally:
            later.clear()
            if at_work is not None:
                at_work.cancel()
                with suppress(asyncio.CancelledError):
                    await at_work
            await state.aclose()
            if http is None:
                await client.aclose()

    app = Application(title=f"{stand_in.title} (stand-in)", description=stand_in.title_vi, lifespan=lifespan)
    app.state.runtime = runtime
    app.state.context = context
    app.state.parts = runtime.parts
    add_problem_handlers(app)
    describe(app)
    app.include_router(router)
    app.include_router(tests_router)
    # First, since the wire is asked all day long, and each router before it would look at the call.
    app.router.routes[:0] = runtime.parts.routes
    routes = Routes(app.router.routes)
    plain = Wire(app, state, later)
    met: ASGIApp = ExpectationMiddleware(plain, expectations=runtime.expectations, clock=time, routes=routes)
    met = FaultMiddleware(met, faults=faults, clock=time, stand_in=stand_in, state=state)
    app.front = ServerErrorMiddleware(JournalMiddleware(met, plain, journal))
    return app


def _forms(people: Population, agency: str) -> tuple[str, ...]:
    found = people.agency(agency)
    return (found.id, found.code) if found else ()


@lru_cache(maxsize=64)
def _authority(folder: Path | None) -> Authority:
    """Opened when somebody signs, and no sooner: making the first key takes a while. Years around the machine's time are covered."""
    return Authority.open(folder, SystemClock())
