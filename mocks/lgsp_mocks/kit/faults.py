"""Faults on the wire, switched on for a test or a demo, each with an end so that none stays on by mistake."""

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lgsp.clock import Clock
from lgsp_mocks.kit.journal import is_wire

__all__ = ["Fault", "FaultMiddleware", "Faults"]


class Fault(BaseModel):
    """One fault: `down` answers 503 as a proxy before a dead back end does, `error` with `status`, `delay` waits first (seconds)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["down", "error", "delay"]
    path: str = "/*"
    status: Annotated[int, Field(ge=400, le=599)] = 503
    delay_s: Annotated[float, Field(ge=0, le=300)] = 0
    count: Annotated[int, Field(ge=1)] | None = None
    expires_s: Annotated[float, Field(gt=0, le=86_400)] = 60


class Faults:
    """The faults of one stand-in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._active: list[tuple[Fault, datetime]] = []

    def add(self, fault: Fault) -> None:
        """Switch on."""
        self._active.append((fault, self._clock.now() + timedelta(seconds=fault.expires_s)))

    def clear(self) -> None:
        """Switch all off."""
        self._active.clear()

    def list(self) -> list[Fault]:
        """Those that are on."""
        now = self._clock.now()
        self._active = [
            (fault, end)
            for fault, end in self._active
            if end > now and (fault.count is None or fault.count > 0)
        ]
        return [fault for fault, _ in self._active]

    def hit(self, path: str) -> Fault | None:
        """The fault that this request meets, using up one of its count."""
        for fault in self.list():
            if fnmatchcase(path, fault.path):
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None


class FaultMiddleware:
    """Stands before the wire, never before the control endpoints."""

    def __init__(self, app: ASGIApp, faults: Faults, clock: Clock) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        fault = (
            self._faults.hit(scope["path"]) if scope["type"] == "http" and is_wire(scope["path"]) else None
        )
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.delay_s:
            await self._clock.sleep(fault.delay_s)
        if fault.kind == "delay":
            await self._app(scope, receive, send)
            return
        status = 503 if fault.kind == "down" else fault.status
        await PlainTextResponse(f"fault injected: {fault.kind}", status)(scope, receive, send)
