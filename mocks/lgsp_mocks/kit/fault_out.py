"""Faults of the calls that a stand-in makes: what it sends is lost, late, doubled, or sent again under another id."""

import hashlib
import json
from datetime import datetime, timedelta

import httpx
from pydantic import JsonValue

from lgsp.clock import Clock
from lgsp.http_client import Answer, Call, HttpClient, HttpxAnswer
from lgsp_mocks.kit.fault_kinds import Fault
from lgsp_mocks.kit.faults import Faults, Place
from lgsp_mocks.kit.incoming import operation_of
from lgsp_mocks.kit.standin import Wording

__all__ = ["faulty_client"]

_KINDS = ("lost_receipt", "late_receipt", "doubled_receipt", "new_id")
_LATE_S = 300.0
_MOST_LATE = 1000


def faulty_client(client: httpx.AsyncClient, faults: Faults, clock: Clock, wording: Wording) -> HttpClient:
    """The client that stand-ins call out with; `client` does the work, and is closed by its owner."""
    own = HttpClient(_Faulty(client, faults, clock, wording), timeout_s=10, base_url=client.base_url)
    own.headers, own.timeout = client.headers, client.timeout
    return own


class _Faulty(httpx.AsyncBaseTransport):
    """One call after the other, unless a fault takes it away."""

    def __init__(self, client: httpx.AsyncClient, faults: Faults, clock: Clock, wording: Wording) -> None:
        self._client = client
        self._faults = faults
        self._clock = clock
        self._wording = wording
        self._late: dict[str, datetime] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Httpx's hook."""
        if self._pass(request.method):
            return await self._passed_on(request)
        body = await request.aread()
        late = self._held_back(request, body)
        if late is not None:
            return late
        text = body.decode(errors="replace")
        operation = operation_of({"path": request.url.path}, text)
        fault = self._faults.meet(_KINDS, Place(request.url.path, operation, text=f"{request.url}\n{text}"))
        if fault is None:
            return await self._passed_on(request)
        return await self._struck(fault, request, body)

    async def call(self, call: Call) -> Answer:
        """The same, without httpx's objects where no fault has to see them."""
        if isinstance(self._client, HttpClient) and self._pass(call.method):
            return await self._client.pass_on(call)
        return HttpxAnswer(await self.handle_async_request(call.request()))

    def _pass(self, method: str) -> bool:
        """Whether no fault can concern it."""
        return method != "POST" or self._wording.packets or not (self._faults.are_on or self._late)

    async def _passed_on(self, request: httpx.Request) -> httpx.Response:
        return await self._client.send(request, stream=True)

    async def _struck(self, fault: Fault, request: httpx.Request, body: bytes) -> httpx.Response:
        if fault.kind == "lost_receipt" and self._wording.accepted is not None:
            return httpx.Response(200, json=self._wording.accepted, request=request)
        if fault.kind == "late_receipt" and len(self._late) < _MOST_LATE:
            due = self._clock.now() + timedelta(seconds=fault.delay_s or _LATE_S)
            self._late[_key(request, body)] = due
            return _try_again(request)
        if fault.kind == "doubled_receipt":
            await self._client.send(request)
        answer = await self._passed_on(request)
        if fault.kind == "new_id" and (again := self._renamed(body)) is not None:
            await self._client.post(request.url, content=again, headers=_sendable(request.headers))
        return answer

    def _held_back(self, request: httpx.Request, body: bytes) -> httpx.Response | None:
        """The stand-in tries again, as it does when nobody answers, until it is late enough; then it gets through."""
        due = self._late.get(_key(request, body))
        if due is None or due > self._clock.now():
            return _try_again(request) if due else None
        del self._late[_key(request, body)]
        return None

    def _renamed(self, body: bytes) -> bytes | None:
        try:
            value = json.loads(body)
        except ValueError:
            return None
        renamed = {name: _other_id(value[name]) for name in self._wording.ids if name in value}
        return json.dumps({**value, **renamed}, ensure_ascii=False).encode() if renamed else None


def _key(request: httpx.Request, body: bytes) -> str:
    return f"{request.url} {hashlib.sha256(body).hexdigest()}"


def _try_again(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, text="fault injected: late", request=request)


def _other_id(value: JsonValue) -> JsonValue:
    """Of the same form: the last digits count from another number."""
    text = str(value)
    digits = len(text) - len(text.rstrip("0123456789"))
    if not digits:
        return f"{text}-2"
    return text[:-digits] + str((int(text[-digits:]) + 9 * 10 ** (digits - 1)) % 10**digits).zfill(digits)


def _sendable(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in {"content-length", "host"}}
