"""A server that answers from a recording."""

import json
from collections.abc import Iterable
from difflib import SequenceMatcher
from urllib.parse import parse_qsl, unquote

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lgsp.clock import Clock
from lgsp.recording.tape import Exchange, Tape

__all__ = ["Playback"]

MOST_BODY_BYTES = 20 * 1024 * 1024
_NOT_SENT = frozenset(
    {"content-length", "transfer-encoding", "connection", "content-encoding", "date", "server"}
)
_COMPARED = 20_000


class Playback:
    """ASGI. The same request again gets the next answer that was recorded for it, the last one again and again.

    Which one is the same: by method, path and query, and among these the one whose body is nearest; `strict`: the very body.
    """

    def __init__(self, tape: Tape, clock: Clock, *, strict: bool = False, pace: bool = False) -> None:
        """`pace`: answers take as long as they took."""
        self._tape = tape
        self._clock = clock
        self._strict = strict
        self._pace = pace
        self._played: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["type"] == "http":
            answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > MOST_BODY_BYTES:
                return JSONResponse(
                    {"status": 413, "detail": "too large"}, 413, media_type="application/problem+json"
                )
        found = self._find(request, bytes(body))
        if found is None:
            return self._nothing(request)
        if self._pace:
            await self._clock.sleep(found.ms / 1000)
        answer = Response(found.response.body.content(), found.response.status)
        for name, value in found.response.headers:
            if name not in _NOT_SENT:
                answer.headers.append(name, value)
        return answer

    def _find(self, request: Request, body: bytes) -> Exchange | None:
        asked = _identity(request.method, request.scope["path"], request.url.query)
        same = [
            (number, one)
            for number, one in enumerate(self._tape.exchanges)
            if _identity(one.request.method, unquote(one.request.path), one.request.query) == asked
        ]
        if not same:
            return None
        closeness = {number: _closeness(one.request.body.content(), body) for number, one in same}
        best = max(closeness.values())
        if self._strict and best < 1:
            return None
        alike = [number for number, value in closeness.items() if value == best]
        # In the order of the recording; those that were played least come first.
        chosen = min(alike, key=lambda number: (self._played.get(number, 0), number))
        if self._played.get(chosen):
            chosen = alike[-1]
        self._played[chosen] = self._played.get(chosen, 0) + 1
        return self._tape.exchanges[chosen]

    def _nothing(self, request: Request) -> Response:
        wanted = f"{request.method} {request.url.path}"
        known = sorted({f"{one.request.method} {one.request.path}" for one in self._tape.exchanges})
        near = max(known, key=lambda one: SequenceMatcher(None, one, wanted).ratio(), default="")
        detail = f"nothing was recorded for {wanted}?{request.url.query}; nearest: {near or 'the recording is empty'}"
        return JSONResponse({"status": 404, "detail": detail}, 404, media_type="application/problem+json")


def _identity(method: str, path: str, query: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return method, path, tuple(sorted(parse_qsl(query, keep_blank_values=True)))


def _closeness(recorded: bytes, came: bytes) -> float:
    """1: the same; bodies of JSON by their members, others by their first bytes."""
    if recorded == came:
        return 1.0
    one, other = _leaves(recorded), _leaves(came)
    if one is None or other is None:
        return SequenceMatcher(None, recorded[:2000], came[:2000], autojunk=False).quick_ratio() * 0.9
    if one == other:
        return 1.0
    return 0.9 * len(one & other) / max(1, len(one | other))


def _leaves(raw: bytes) -> frozenset[str] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frozenset(list(_walk(value, ""))[:_COMPARED])


def _walk(value: JsonValue, place: str) -> Iterable[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _walk(each, f"{place}/{name}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, f"{place}/{index}")
    else:
        yield f"{place}={json.dumps(value)}"
