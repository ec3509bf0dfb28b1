"""What the flows act upon: the stand-ins as their users see them, and the gateway; all over real HTTP."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.clock import Clock

__all__ = ["Arrived", "Flow", "FlowError", "World", "attachment"]

T = TypeVar("T")
Record = dict[str, JsonValue]
LOOK_AGAIN_S = 0.2


class FlowError(Exception):
    """A flow did not end where it should; the message says what was there instead."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """How a flow ended: the business key, what the receiving system holds, and the keys to trace."""

    key: str
    holds: str
    trace: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One story of the demo."""

    name: str
    title: str
    title_vi: str
    play: Callable[["World"], Awaitable[Arrived]]


@dataclass(frozen=True, slots=True)
class World:
    """`urls` has the base of `gateway` and of each stand-in. Times in seconds."""

    urls: Mapping[str, str]
    http: httpx.AsyncClient
    clock: Clock
    vxp_system_id: str
    vxp_secret: str
    limit_s: float = 30.0
    said: Callable[[str], None] = field(default=lambda _: None)

    async def act(self, system: str, action: str, body: Mapping[str, JsonValue]) -> Record:
        """Do what a user of that system does."""
        answer = await self.http.post(f"{self.urls[system]}/__mock__/act/{action}", json=dict(body))
        if answer.status_code >= 400:
            raise FlowError(f"{system} refused {action}: {answer.text[:300]}")
        return cast("Record", answer.json())

    async def table(self, system: str, name: str) -> dict[str, Record]:
        """A table of what the system holds."""
        answer = await self.http.get(f"{self.urls[system]}/__mock__/state/{quote(name, safe='')}")
        return cast("dict[str, Record]", answer.json())

    async def record(self, system: str, table: str, key: str) -> Record | None:
        """One thing that the system holds."""
        answer = await self.http.get(f"{self.urls[system]}/__mock__/state/{table}/{quote(key, safe='')}")
        return cast("Record", answer.json()) if answer.status_code == 200 else None

    async def find(self, system: str, table: str, wanted: Callable[[Record], bool]) -> Record | None:
        """The first thing in a table that fits."""
        return next((value for value in (await self.table(system, table)).values() if wanted(value)), None)

    async def faults(self, system: str, fault: Mapping[str, JsonValue] | None) -> None:
        """Switch a fault on at a stand-in, or all of them off."""
        url = f"{self.urls[system]}/__mock__/faults"
        answer = await (self.http.post(url, json=dict(fault)) if fault else self.http.delete(url))
        answer.raise_for_status()

    async def gateway(self, path: str) -> JsonValue:
        """Ask the gateway."""
        answer = await self.http.get(self.urls["gateway"] + path)
        return cast("JsonValue", answer.json()) if answer.status_code == 200 else None

    async def until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until it is there.

        Raises:
            FlowError: it was not there within the limit.
        """
        try:
            async with asyncio.timeout(self.limit_s):
                while (found := await look()) is None:  # noqa: ASYNC110 - it happens in another system
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError as exc:
            raise FlowError(f"after {self.limit_s:g} s still waiting: {what}") from exc
        self.said(what)
        return found


def attachment(name: str, content: bytes) -> Record:
    """A file as the stand-ins' users attach it."""
    return {"name": name, "content_base64": base64.b64encode(content).decode()}


def codes_of(statuses: JsonValue, organ_id: str | None = None) -> set[str]:
    """The status codes in a list of statuses, of one organization where given."""
    rows: Sequence[JsonValue] = statuses if isinstance(statuses, list) else []
    return {
        str(row.get("code"))
        for row in rows
        if isinstance(row, dict) and (organ_id is None or row.get("organ_id") == organ_id)
    }
