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

__all__ = ["NOTHING", "NotSoError", "Record", "Said", "World", "attachment", "codes_of"]

T = TypeVar("T")
Record = dict[str, JsonValue]
LOOK_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class Said:
    """What a step saw, or why it failed, in both languages; without `vi` it is the same in both, as a code or a key is."""

    en: str = ""
    vi: str = ""

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en)

    def of(self, lang: str) -> str:
        """In that language."""
        return self.vi if lang == "vi" and self.vi else self.en


NOTHING = Said()


class NotSoError(Exception):
    """What a step says is not so; the message says what is there instead."""

    def __init__(self, message: str, message_vi: str = "") -> None:
        super().__init__(message)
        self.said = Said(message, message_vi) if message else Said("not so", "không đúng như vậy")


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
            why = _why(answer)
            raise NotSoError(
                f"{system} refused {action}: {why.en}", f"{system} từ chối {action}: {why.of('vi')}"
            )
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
            why = _why(answer)
            raise NotSoError(
                f"{system} refused {method} {path}: {why.en}",
                f"{system} từ chối {method} {path}: {why.of('vi')}",
            )
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
            why = _why(answer)
            raise NotSoError(
                f"the clock was not changed: {why.en}", f"không chỉnh được đồng hồ: {why.of('vi')}"
            )

    async def now(self) -> datetime:
        """What time it is there."""
        found = await self.gateway("/api/clock")
        if not isinstance(found, dict):
            url = self.at("gateway")
            raise NotSoError(f"{url} does not say what time it is", f"{url} không cho biết thời điểm")
        return datetime.fromisoformat(str(found["now"]))

    async def until(self, what: Said | str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until it is there.

        Raises:
            NotSoError: it was not there within the limit.
        """
        try:
            async with asyncio.timeout(self.limit_s):
                while (found := await look()) is None:  # noqa: ASYNC110 - it happens in another system
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError as exc:
            said = what if isinstance(what, Said) else Said(what)
            raise NotSoError(
                f"after {self.limit_s:g} s still waiting: {said.en}",
                f"đợi {self.limit_s:g} giây vẫn chưa thấy: {said.of('vi')}",
            ) from exc
        return found

    def at(self, system: str) -> str:
        """Where it is.

        Raises:
            NotSoError: it is not part of this world.
        """
        if system not in self.urls:
            there = ", ".join(self.urls)
            raise NotSoError(
                f"no {system} runs here; there are {there}", f"không có {system} ở đây; chỉ có {there}"
            )
        return self.urls[system]


def _why(answer: httpx.Response) -> Said:
    """What a refusal says: the detail of its problem document with its places, or else its text."""
    try:
        found = answer.json()
    except ValueError:
        return Said(answer.text[:300])
    if not isinstance(found, dict) or not {"detail", "title"} & found.keys():
        return Said(answer.text[:300])
    rows = found.get("faults") or found.get("errors") or []
    faults = [one for one in rows if isinstance(one, dict)]
    head = str(found.get("detail") or found["title"])
    heads = {"en": head, "vi": str(found.get("detail_vi") or ("nội dung không hợp lệ" if faults else head))}
    return Said(*("; ".join([heads[lang], *(_fault(one, lang) for one in faults)])[:500] for lang in heads))


def _fault(fault: Record, lang: str) -> str:
    told = fault.get("message_vi") or fault.get("detail_vi") if lang == "vi" else None
    return (
        f"{fault.get('place') or fault.get('pointer')}: {told or fault.get('message') or fault.get('detail')}"
    )


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
