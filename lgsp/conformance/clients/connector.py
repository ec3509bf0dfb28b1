"""A connector under test: what is done to it, and what it does, seen from the stand-in that it calls."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import JsonValue

from lgsp.conformance.line import Line
from lgsp.conformance.model import SkipError

__all__ = ["Connector", "Hook", "Hooks", "Request", "Row", "Send", "Work"]

Row = dict[str, JsonValue]
Work = Mapping[str, JsonValue]
Hook = Callable[[], Awaitable[None]]
Send = Callable[[Work], Awaitable[None]]
LONGEST_S = 20.0
EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Hooks:
    """`poll`: one round of the connector, None where it polls by itself; `send`: give it a piece of work to send, None where
    it can't be given any.
    """

    poll: Hook | None = None
    send: Send | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the connector, from the stand-in's journal. `body`: its first four kilobytes."""

    method: str
    path: str
    query: str
    headers: httpx.Headers
    body: str
    size: int
    status: int
    at: datetime
    answer: str


@dataclass
class Connector:
    """What every role's connector has; a role adds the words of its wire. `options`: `patience_s` among them."""

    line: Line
    options: Mapping[str, str]
    hooks: Hooks

    async def begin(self) -> None:
        """A stand-in with its first population, and a journal that says nothing."""
        for name in ("reset", "seed"):
            await self.control("POST", name)

    async def control(self, method: str, what: str, body: Mapping[str, object] | None = None) -> Row:
        """One call below /__mock__/.

        Raises:
            SkipError: the stand-in did not do it.
        """
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        answer = await self.line.call(method, f"/__mock__/{what}", body=sent, headers=headers)
        if answer.status not in {200, 201}:
            raise SkipError(f"the stand-in could not be arranged: {answer.body[:200]!r}")
        return answer.object()

    async def arrange(self, what: str, body: Mapping[str, object]) -> None:
        """A fault or an expectation."""
        await self.control("POST", what, body)

    async def table(self, name: str) -> dict[str, Row]:
        """What the stand-in holds there."""
        found = await self.control("GET", f"state/{name}")
        return {key: row for key, row in found.items() if isinstance(row, dict)}

    async def requests(self) -> list[Request]:
        """What was asked so far, oldest first, by whomever."""
        found = (await self.control("GET", "requests?direction=in")).get("requests")
        return (
            [_request(entry) for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
        )

    async def give(self, work: Work) -> None:
        """A piece of work; how it ends is seen on the wire only.

        Raises:
            SkipError: there is no way to give it any.
        """
        if self.hooks.send is None:
            raise SkipError("--send: a command that gives the connector a piece of work")
        try:
            await self.hooks.send(work)
        except Exception as exc:  # noqa: BLE001 - the stand-in's journal decides
            self.line.note(f"the work ended with {type(exc).__name__}")

    async def rounds(self, count: int) -> None:
        """So many rounds of the connector, or the patience's length where it polls by itself."""
        if self.hooks.poll is None:
            await asyncio.sleep(self.patience_s)
            return
        for _ in range(count):
            await self._round()

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> bool:
        """Rounds until it holds or patience ends; whether it does."""
        ends = time.monotonic() + self.patience_s
        while True:
            if self.hooks.poll is not None:
                await self._round()
            if await holds():
                return True
            if time.monotonic() > ends:
                return False
            await asyncio.sleep(EVERY_S)

    @property
    def patience_s(self) -> float:
        """How long something may take to happen."""
        return min(float(self.options["patience_s"]), LONGEST_S)

    async def _round(self) -> None:
        try:
            await (self.hooks.poll or _nothing)()
        except Exception:  # noqa: BLE001 - how a connector takes trouble is judged by what it does on the wire
            return


async def _nothing() -> None:
    """No round to make."""


def _request(entry: Row) -> Request:
    headers = entry["headers"]
    return Request(
        str(entry["method"]), str(entry["path"]), str(entry["query"]),
        httpx.Headers({name: str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}),
        str(entry["body"]), int(str(entry["size"])), int(str(entry["status"])), datetime.fromisoformat(str(entry["at"])),
        str(entry["answer"]),
    )  # fmt: skip
