"""What scenarios act upon: the stand-ins as their users see them, and the gateway; all over real HTTP."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

__all__ = ["NotSoError", "Record", "World", "attachment", "codes_of"]

T = TypeVar("T")
Record = dict[str, JsonValue]
LOOK_AGAIN_S = 0.2


class NotSoError(Exception):
    """What a step says is not so; the message says what is there instead."""


@dataclass(frozen=True, slots=True)
class World:
    """`urls` has the base of `gateway` and of each stand-in. Times in seconds."""

    urls: Mapping[str, str]
    http: httpx.AsyncClient
    vxp_system_id: str
    vxp_secret: str
    limit_s: float = 30.0

    async def act(self, system: str, action: str, body: Mapping[str, JsonValue]) -> Record:
        """Do what a user of that system does.

        Raises:
            NotSoError: it refused.
        """
        answer = await self.http.post(f"{self.at(system)}/__mock__/act/{action}", json=dict(body))
        if answer.status_code >= 400:
            raise NotSoError(f"{system} refused {action}: {answer.text[:300]}")
        return cast("Record", answer.json())

    async def table(self, system: str, name: str) -> dict[str, Record]:
        """A table of what the system holds."""
        answer = await self.http.get(f"{self.at(system)}/__mock__/state/{quote(name, safe='')}")
        return cast("dict[str, Record]", answer.json())

    async def record(self, system: str, table: str, key: str) -> Record | None:
        """One thing that the system holds."""
        answer = await self.http.get(f"{self.at(system)}/__mock__/state/{table}/{quote(key, safe='')}")
        return cast("Record", answer.json()) if answer.status_code == 200 else None

    async def find(self, system: str, table: str, wanted: Callable[[Record], bool]) -> Record | None:
        """The first thing in a table that fits."""
        return next((value for value in (await self.table(system, table)).values() if wanted(value)), None)

    async def control(self, system: str, method: str, path: str, body: object = None) -> JsonValue:
        """`/__mock__/<path>` of a stand-in.

        Raises:
            NotSoError: refused.
        """
        url = f"{self.at(system)}/__mock__/{path}"
        answer = (
            await self.http.request(method, url, json=body)
            if body is not None
            else await self.http.request(method, url)
        )
        if answer.status_code >= 400:
            raise NotSoError(f"{system} refused {method} {path}: {answer.text[:500]}")
        return cast("JsonValue", answer.json())

    async def gateway(self, path: str) -> JsonValue:
        """Ask the gateway."""
        answer = await self.http.get(self.at("gateway") + path)
        return cast("JsonValue", answer.json()) if answer.status_code == 200 else None

    async def steer(self, change: Mapping[str, JsonValue]) -> None:
        """Steer the clock of the running system.

        Raises:
            NotSoError: nobody may steer it, or that is no change of a clock.
        """
        answer = await self.http.post(f"{self.at('gateway')}/api/clock", json=dict(change), timeout=120)
        if answer.status_code >= 400:
            raise NotSoError(f"the clock was not changed: {answer.text[:300]}")

    async def now(self) -> datetime:
        """What time it is there."""
        found = await self.gateway("/api/clock")
        if not isinstance(found, dict):
            raise NotSoError(f"{self.at('gateway')} does not say what time it is")
        return datetime.fromisoformat(str(found["now"]))

    async def until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until it is there.

        Raises:
            NotSoError: it was not there within the limit.
        """
        try:
            async with asyncio.timeout(self.limit_s):
                while (found := await look()) is None:  # noqa: ASYNC110 - it happens in another system
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError as exc:
            raise NotSoError(f"after {self.limit_s:g} s still waiting: {what}") from exc
        return found

    def at(self, system: str) -> str:
        """Where it is.

        Raises:
            NotSoError: it is not part of this world.
        """
        if system not in self.urls:
            raise NotSoError(f"no {system} runs here; there are {', '.join(self.urls)}")
        return self.urls[system]


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
