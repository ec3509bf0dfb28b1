"""The control API of the stand-ins, as people's tools ask it. A real system is never asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.errors import LgspError, NotFoundError, RejectedError, TransientError

__all__ = ["Rows", "StandIns"]

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a table: of `total` that fit, some, the newest first; `following` is the next page's `before`, None on the last."""

    total: int
    rows: tuple[dict[str, JsonValue], ...]
    following: int | None


class StandIns:
    """`urls` has the base URL of each system that a stand-in plays."""

    def __init__(self, urls: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self.urls = dict(urls)
        self._http = http

    @classmethod
    def of(cls, urls: Mapping[str, str]) -> Self:
        """With a client of its own, to be closed."""
        limits = httpx.Limits(max_connections=16)
        return cls(urls, httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, limits=limits))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(
        self,
        name: str,
        method: str,
        path: str,
        *,
        body: JsonValue = None,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
    ) -> JsonValue:
        """One call below `/__mock__/`; `path` has its segments quoted.

        Raises:
            NotFoundError: no stand-in plays that system, or it has nothing there.
            RejectedError: it refused; the message says why.
            TransientError: it does not answer.
        """
        if name not in self.urls:
            raise NotFoundError(f"no stand-in plays {name!r}; there are: {', '.join(self.urls) or 'none'}")
        try:
            answer = await self._http.request(
                method, f"{self.urls[name]}/__mock__/{path}", json=body, params=dict(params or {})
            )
            found = cast("JsonValue", answer.json())
        except (httpx.HTTPError, ValueError) as exc:
            raise TransientError(f"the stand-in {name} does not answer ({exc!r})", system_down=True) from exc
        if answer.is_success:
            return found
        raise _refusal(name, answer.status_code, _told(found)[:500])

    async def rows(
        self,
        name: str,
        table: str,
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Rows:
        """A page of a table, the newest first: of any row, or of those that have one of the values under one of the `field`s."""
        params: dict[str, str | int | Sequence[str]] = {"limit": limit, **(where or {})}
        if before is not None:
            params["before"] = before
        found = await self.ask(name, "GET", f"rows/{quote(table, safe='')}", params=params)
        if not isinstance(found, dict) or not isinstance(found.get("rows"), list):
            return Rows(0, (), None)
        listed = [one.get("row") for one in cast("list[JsonValue]", found["rows"]) if isinstance(one, dict)]
        total, following = found.get("total"), found.get("next")
        return Rows(
            total if isinstance(total, int) else 0,
            tuple(row for row in listed if isinstance(row, dict)),
            following if isinstance(following, int) else None,
        )

    async def twice(self, name: str) -> Sequence[str]:
        """The business keys of what it holds more than once."""
        found = await self.ask(name, "GET", "twice")
        return [str(key) for key in found] if isinstance(found, list) else []

    async def record(self, name: str, table: str, key: str) -> dict[str, JsonValue] | None:
        """One thing that the stand-in holds, or None."""
        try:
            found = await self.ask(name, "GET", f"state/{quote(table, safe='')}/{quote(key, safe='')}")
        except NotFoundError:
            return None
        return found if isinstance(found, dict) else None


def _told(problem: JsonValue) -> str:
    """What a problem document says, with the place of each fault."""
    if not isinstance(problem, dict):
        return str(problem)
    errors = problem.get("errors")
    faults = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return "; ".join(
        [str(problem.get("detail")), *(f"{one.get('pointer')}: {one.get('detail')}" for one in faults)]
    )


def _refusal(name: str, status: int, detail: str) -> LgspError:
    if status == 404:
        return NotFoundError(f"{name}: {detail}")
    return RejectedError(f"{name}: {detail}", wire_code=str(status))
