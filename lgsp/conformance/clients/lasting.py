"""Where a stand-in keeps what it holds from one assertion to the next, as the connectors that call it remember it."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast
from urllib.parse import parse_qs

from pydantic import JsonValue

from lgsp.conformance.clients.connector import EVERY_S, Connector, Request, Row, Work
from lgsp.conformance.line import Answer
from lgsp.conformance.model import SkipError, demand

__all__ = [
    "KIT",
    "LINE",
    "MOST_TRIES",
    "PAPER",
    "PAPER_NAME",
    "LastingConnector",
    "paper",
    "said",
    "values_of",
]

LINE = "assumed (what breaks on a line)"
MOST_TRIES = 20
"""How often one thing may be tried in one go, before a connector has to leave it for later (assumed)."""

KIT = "x-lgsp-check"
"""Marks the kit's own calls, which are not judged."""

PAPER_NAME = "Đơn đề nghị cấp giấy phép (ký số).pdf"
PAPER = b"%PDF-1.4\n% \xc4\x90\xc6\xa1n \x00\xff\r\n\n%%EOF\n"
JOURNAL_BYTES = 4096


class LastingConnector(Connector):
    """A connector under test. An assertion begins with a clean journal, and judges only things of its own."""

    async def begin(self) -> None:
        """A quiet stand-in, with a journal that says nothing."""
        for what in ("faults", "expectations", "requests"):
            await self.control("DELETE", what)

    async def requests(self) -> list[Request]:
        """What the connector asked so far, oldest first."""
        return [one for one in await super().requests() if KIT not in one.headers]

    async def calls(self, path: str, status: int | None = None) -> list[Request]:
        """Those of a path."""
        return [one for one in await self.requests() if one.path == path and status in {None, one.status}]

    async def once(self, path: str, **answer: object) -> None:
        """The connector's next call of that path is answered so."""
        await self.expect(path, 1, **answer)

    async def expect(self, path: str, times: int | None = None, /, **answer: object) -> None:
        """Its calls of that path are answered so, until the next assertion or `clear`."""
        body: dict[str, object] = {
            "request": {"path": path, "headers": {KIT: None}},
            "answers": [answer],
        }
        await self.arrange("expectations", body | ({"times": times} if times else {}))

    async def clear(self) -> None:
        """The stand-in answers by itself again."""
        await self.control("DELETE", "expectations")

    async def fault(self, kind: str, path: str, **more: object) -> None:
        """A fault that strikes once."""
        await self.arrange("faults", {"kind": kind, "path": path, "count": 1, **more})

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """A call of the kit's own."""
        return await self.line.call(method, path, body=body, headers={KIT: "1", **headers})

    async def one_go(self) -> None:
        """One round, or a third of the patience where it polls by itself."""
        if self.hooks.poll is None:
            await self.linger(self.patience_s / 3)
        else:
            await self.rounds(1)

    async def linger(self, seconds: float) -> None:
        """Let it do on its own what it still wants to do."""
        await asyncio.sleep(seconds)

    async def offer(self, work: Work) -> None:
        """A piece of work, where the connector does that kind.

        Raises:
            SkipError: it doesn't, or can't be given any.
        """
        kind = str(work["kind"])
        if kind not in self.options["kinds"].split(","):
            raise SkipError(f"--set kinds=… leaves out {kind}")
        await self.give(work)

    async def insist(self, work: Work | Sequence[Work], holds: Callable[[], Awaitable[bool]]) -> bool:
        """The same work again and again, until it holds or patience ends; whether it does."""
        works = [work] if isinstance(work, Mapping) else work
        ends = time.monotonic() + self.patience_s
        while True:
            for one in works:
                await self.offer(one)
            again = time.monotonic() + self.patience_s / 5
            while not await holds():
                if time.monotonic() > ends:
                    return False
                if time.monotonic() > again:
                    break
                await asyncio.sleep(EVERY_S)
            else:
                return True

    async def always_answered(self, work: Work, path: str, **answer: object) -> list[Request]:
        """Its calls of a path that is always answered so, when it was given the work once."""
        await self.begin()
        await self.expect(path, **answer)
        await self.offer(work)

        async def is_called() -> bool:
            return bool(await self.calls(path))

        demand(await self.until(is_called), f"{path} was not called")
        await self.linger(self.patience_s / 3)
        return await self.calls(path)


def paper(content: bytes = PAPER) -> dict[str, JsonValue]:
    """A file, as work carries it."""
    return {"name": PAPER_NAME, "media_type": "application/pdf", "base64": base64.b64encode(content).decode()}


def said(request: Request) -> Row:
    """The JSON object, or the one in the list, that was posted."""
    if request.size > JOURNAL_BYTES:
        raise SkipError(f"{request.path} has {request.size} bytes, the journal keeps {JOURNAL_BYTES}")
    try:
        body = json.loads(request.body)
    except ValueError:
        demand(False, f"{request.path}: the body is no JSON: {request.body[:80]!r}")
    one = body[0] if isinstance(body, list) and len(body) == 1 else body
    demand(isinstance(one, dict), f"{request.path}: the body is no object")
    return cast("Row", one)


def values_of(request: Request) -> list[str]:
    """Every value of its query."""
    return [value for values in parse_qs(request.query).values() for value in values]
