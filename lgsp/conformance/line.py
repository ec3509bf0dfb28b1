"""Calls to a subject that may do anything: each has a time limit, a bounded answer, no redirect elsewhere, and is kept as evidence."""

import asyncio
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic import JsonValue

from lgsp.standards.encoded import ACCEPTED, EncodingError, Unpacker

__all__ = ["Answer", "Exchange", "Line", "LineError", "plain"]

CALL_S = 10.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
KEPT_CHARS = 4_000
KEPT_EXCHANGES = 40
_SECRET = frozenset(
    {"authorization", "cookie", "set-cookie", "xroadvnpt-hash-header", "x-secretkey", "x-api-key"}
)


class LineError(Exception):
    """No usable answer: what the subject did instead."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, secrets masked, bodies cut."""

    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and the whole (bounded) body."""

    status: int
    headers: httpx.Headers
    body: bytes

    def object(self) -> dict[str, JsonValue]:
        """The body as a JSON object.

        Raises:
            LineError: it is none.
        """
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            raise LineError(f"HTTP {self.status}, and the body is not JSON: {self.body[:120]!r}") from exc
        if not isinstance(found, dict):
            raise LineError(f"HTTP {self.status}, and the body is JSON but no object: {self.body[:120]!r}")
        return cast("dict[str, JsonValue]", found)


@dataclass(slots=True)
class _Came:
    """What a call has brought so far, for when it brings no more."""

    status: int = 0
    size: int = 0

    def __str__(self) -> str:
        return f"HTTP {self.status} and {self.size} bytes of a body came" if self.status else "nothing came"


class Line:
    """To one base URL. `allowed`: other hosts that a redirect may lead to; `secrets` never appear in the evidence."""

    def __init__(
        self,
        base: str,
        http: httpx.AsyncClient,
        allowed: frozenset[str] = frozenset(),
        call_s: float = CALL_S,
    ) -> None:
        self.base = base.rstrip("/")
        self.exchanges: list[Exchange] = []
        self._http = http
        self.unanswered = False
        """Whether the time of a call was over, and no call of this line was ever answered in full."""
        self._answered = False
        self._scheme = urlsplit(base).scheme
        self._hosts = allowed | {urlsplit(base).netloc}
        self._call_s = call_s
        self._secrets: set[str] = set()

    def hide(self, *secrets: str) -> None:
        """Mask these from now on, and in what is kept already."""
        self._secrets |= {one for one in secrets if len(one) > 3}
        self.exchanges[:] = [
            replace(one, request=self._masked(one.request), answer=self._masked(one.answer))
            for one in self.exchanges
        ]

    async def call(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One call.

        Raises:
            LineError: nothing came, too late, too much, it broke off, or it led to a host that is not allowed.
        """
        sent = {b"accept-encoding": ACCEPTED.encode()}
        sent |= {name.encode(): value.encode() for name, value in (headers or {}).items()}
        came = _Came()
        is_kept = len(self.exchanges) < KEPT_EXCHANGES
        request = self._shown(f"{method} {path}", headers or {}, body) if is_kept else ""
        try:
            async with asyncio.timeout(self._call_s):
                answer = await self._follow(method, self.base + path, body, sent, came)
        except (TimeoutError, httpx.TimeoutException) as exc:
            self.unanswered = not self._answered
            raise self._failed(request, f"no whole answer within {self._call_s:g} s: {came}") from exc
        except EncodingError as exc:
            raise self._failed(request, f"{came}: {exc}") from exc
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            raise self._failed(request, f"the line broke, {came}: {type(exc).__name__} {exc}") from exc
        except LineError as exc:
            raise self._failed(request, str(exc)) from exc
        self._answered, self.unanswered = True, False
        if is_kept:
            self._keep(request, self._shown(f"HTTP {answer.status}", answer.headers, answer.body))
        return answer

    async def _follow(
        self, method: str, url: str, body: bytes, headers: dict[bytes, bytes], came: _Came
    ) -> Answer:
        for _ in range(3):
            async with self._http.stream(
                method, url, content=body, headers=list(headers.items())
            ) as response:
                came.status, came.size = response.status_code, 0
                target = response.headers.get("location", "")
                if not (300 <= response.status_code < 400 and target):
                    return Answer(response.status_code, response.headers, await _bounded(response, came))
            url = urljoin(url, target)
            if urlsplit(url).netloc not in self._hosts:
                raise LineError(
                    f"redirects to another host ({url[:200]}), which is not on the allow-list; not followed"
                )
            if urlsplit(url).scheme not in {self._scheme, "https"}:
                raise LineError(f"redirects from https to what anybody can read ({url[:200]}); not followed")
        raise LineError("redirects in a circle")

    def note(self, what: str) -> None:
        """Something beside a call, for the evidence."""
        self._keep("—", what)

    def _failed(self, request: str, what: str) -> LineError:
        self._keep(request, what)
        return LineError(what)

    def _keep(self, request: str, answer: str) -> None:
        if len(self.exchanges) < KEPT_EXCHANGES:
            self.exchanges.append(Exchange(plain(self._masked(request)), plain(self._masked(answer))))

    def _shown(self, first: str, headers: Mapping[str, str], body: bytes) -> str:
        lines = [f"{name}: {'***' if name.lower() in _SECRET else value}" for name, value in headers.items()]
        head = "\n".join((first, *lines))
        if len(head) > KEPT_CHARS:
            head = f"{self._masked(head)[:KEPT_CHARS]}\n… ({len(lines)} headers)"
        text = body[: KEPT_CHARS * 4].decode(errors="replace")
        cut = f"\n… ({len(body)} bytes)" if len(text) > KEPT_CHARS else ""
        return "\n".join((head, "", self._masked(text)[:KEPT_CHARS] + cut))

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


async def _bounded(response: httpx.Response, came: _Came) -> bytes:
    found, unpacker = bytearray(), Unpacker(response.headers.get("content-encoding", ""))
    async for chunk in response.aiter_raw():
        for piece in unpacker.unpack(chunk):
            found += piece
            came.size = len(found)
            if len(found) > MAX_ANSWER_BYTES:
                raise LineError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes; cut off")
    return bytes(found)


class _Plain(dict[int, str]):
    """What stands for each character, once it was met."""

    def __missing__(self, point: int) -> str:
        one = chr(point)
        self[point] = "\ufffd" if unicodedata.category(one)[0] == "C" and one not in "\n\t" else one
        return self[point]


_PLAIN = _Plain()


def plain(text: str) -> str:
    """The subject's words without what a terminal or a file could trip over: control characters, directions, half characters."""
    return text.translate(_PLAIN)
