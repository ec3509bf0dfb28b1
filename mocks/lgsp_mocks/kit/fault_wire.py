"""Faults before the wire, never before the control endpoints."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.clock import Clock
from lgsp_mocks.kit.fault_kinds import Fault
from lgsp_mocks.kit.fault_rewrite import REWRITES, Rewriting
from lgsp_mocks.kit.faults import Faults, Place
from lgsp_mocks.kit.incoming import operation_of, peek
from lgsp_mocks.kit.journal import KEEP_BYTES, current_visit
from lgsp_mocks.kit.line import Line
from lgsp_mocks.kit.skew import skewed_by
from lgsp_mocks.kit.standin import StandIn
from lgsp_mocks.kit.state import State

__all__ = ["FaultMiddleware"]

_LOOKED_INTO = 64 * 1024
_LATE_S = 300.0
_TICKS_PER_S = 10
_WAITS = ("latency", "delay")
_ENDS = ("down", "error", "reset", "half", "timeout", "tls")
_ANSWER_RECEIPTS = ("lost_receipt", "late_receipt", "doubled_receipt")


@dataclass(frozen=True, slots=True)
class _Call:
    scope: Scope
    receive: Receive
    send: Send
    place: Place

    @property
    def line(self) -> Line:
        return Line(cast("Receive", self.scope["lgsp_mocks.receive"]))


class FaultMiddleware:
    """Each request meets the faults in whose scope it is: of the world first, then of the network, then of the answer."""

    def __init__(
        self, app: ASGIApp, *, faults: Faults, clock: Clock, stand_in: StandIn, state: State
    ) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock
        self._wording = stand_in.wording
        self._state = state
        self._rewriting = Rewriting(stand_in.wording, faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if not self._faults.are_on:
            await self._app(scope, receive, send)
            return
        call = await self._placed(scope, receive, send)
        skew = self._faults.meet(["clock_skew"], call.place)
        with skewed_by(skew.skew_s if skew else None):
            await self._on(call)

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> _Call:
        text = ""
        if self._faults.need_text:
            peeked = await peek(receive, _LOOKED_INTO)
            receive, text = peeked.receive, peeked.text
        looked_at = "\n".join(
            [
                str(scope["path"]),
                scope["query_string"].decode("latin-1"),
                *(value.decode("latin-1") for _, value in scope["headers"]),
                text,
            ]
        )
        place = Place(str(scope["path"]), operation_of(scope, text), text=looked_at)
        return _Call(scope, receive, send, place)

    async def _on(self, call: _Call) -> None:
        if self._faults.could_meet(["session_expires"], call.place):
            self._end_sessions(call.place)
        closed = self._wording.closed
        if closed is not None and self._faults.meet(["agency_closed"], call.place):
            _answered_by_fault()
            await JSONResponse(closed[1], closed[0])(call.scope, call.receive, call.send)
            return
        if (wait := self._faults.meet(_WAITS, call.place)) is not None:
            await self._clock.sleep(wait.delay_s)
        if (slow := self._faults.meet(["throttle"], call.place)) is not None:
            call = replace(call, send=self._throttled(call.send, slow.bytes_per_s))
        ending = self._faults.meet(_ENDS, call.place)
        if ending is not None:
            await self._end(ending, call)
        else:
            await self._handle(call)

    def _end_sessions(self, place: Place) -> None:
        tables = [self._state.table(name) for name in self._wording.sessions]
        if any(len(table) for table in tables) and self._faults.meet(["session_expires"], place):
            for table in tables:
                table.clear()

    async def _end(self, fault: Fault, call: _Call) -> None:
        if not any(name == b"expect" for name, _ in call.scope["headers"]):
            # Whoever is not answered has still sent it: the journal sees the beginning.
            call = replace(call, receive=(await peek(call.receive, KEEP_BYTES)).receive)
        if fault.kind in {"down", "error"}:
            status = 503 if fault.kind == "down" else fault.status
            _answered_by_fault()
            answer = PlainTextResponse(f"fault injected: {fault.kind}", status)
            await answer(call.scope, call.receive, call.send)
        elif fault.kind == "reset":
            if fault.when == "after":
                await self._app(call.scope, call.receive, _nowhere)
            _answered_by_fault()
            await call.line.reset()
        elif fault.kind == "half":
            await self._app(call.scope, call.receive, _Half(call.send, call.line))
        elif fault.kind == "tls":
            _answered_by_fault()
            await call.line.speak_tls()
        else:
            _answered_by_fault()
            await self._keep_waiting(call.line, fault.delay_s or _LATE_S)

    async def _keep_waiting(self, line: Line, seconds: float) -> None:
        """Until the time is up, or the caller has hung up."""
        ends = [asyncio.ensure_future(one) for one in (self._clock.sleep(seconds), line.left())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if ends[0].done():
                await line.never_answered()
        finally:
            for one in ends:
                one.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _handle(self, call: _Call) -> None:
        receipt = self._receipt(call)
        if receipt is not None and receipt.kind == "lost_receipt":
            await self._app(call.scope, call.receive, _nowhere)
            await call.line.reset()
            return
        if receipt is not None and receipt.kind == "late_receipt":
            call = replace(call, send=_Later(call.send, self._clock, receipt.delay_s or _LATE_S))
        if receipt is not None and receipt.kind == "doubled_receipt":
            call = await self._once_before(call)
        # What is in a packet was changed when it was delivered.
        rewrites = ("code_list_changed",) if self._wording.packets else REWRITES
        if self._faults.could_meet(rewrites, call.place):
            await self._rewriting.answer(self._app, (call.scope, call.receive, call.send), call.place)
        else:
            await self._app(call.scope, call.receive, call.send)

    def _receipt(self, call: _Call) -> Fault | None:
        # Where receipts are packets, the exchange and the desks lose and double those.
        if self._wording.packets or call.scope["method"] == "GET":
            return None
        return self._faults.meet(_ANSWER_RECEIPTS, call.place)

    async def _once_before(self, call: _Call) -> _Call:
        """Handled once, unseen; the same request follows."""
        first = await peek(call.receive, 1 << 62)
        body: Message = {"type": "http.request", "body": first.body, "more_body": False}

        async def same() -> Message:
            return body

        copy = {**call.scope, "state": dict(call.scope.get("state", {}))}
        await self._app(copy, same, _nowhere)
        return replace(call, receive=first.receive)

    def _throttled(self, send: Send, bytes_per_s: int) -> Send:
        step = max(1, bytes_per_s // _TICKS_PER_S)

        async def slowly(message: Message) -> None:
            body = message.get("body", b"")
            if len(body) <= step and message["type"] != "http.response.body":
                await send(message)
                return
            for part in _parts(body, step):
                await self._clock.sleep(len(part) / bytes_per_s)
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({**message, "body": b""})

        return slowly


class _Half:
    """Lets the head and half of the answer's first part through."""

    def __init__(self, send: Send, line: Line) -> None:
        self._send = send
        self._line = line
        self._is_over = False

    async def __call__(self, message: Message) -> None:
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            await self._send(message)
            return
        self._is_over = True
        body = message.get("body", b"")
        await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
        await self._line.hang_up()


class _Later:
    """Holds an answer back, and so what it says was done: by then it is done."""

    def __init__(self, send: Send, clock: Clock, seconds: float) -> None:
        self._send = send
        self._clock = clock
        self._seconds = seconds

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._clock.sleep(self._seconds)
        await self._send(message)


async def _nowhere(_: Message) -> None:
    """An answer that nobody gets."""


def _answered_by_fault() -> None:
    if (visit := current_visit()) is not None:
        visit.answered_by = "fault"


def _parts(body: bytes, step: int) -> Iterable[bytes]:
    return (body[start : start + step] for start in range(0, len(body), step))
