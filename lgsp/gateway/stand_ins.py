"""The control API of the stand-ins, as people's tools ask it. A real system is never asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.errors import Fault, InvalidMessageError, LgspError, NotFoundError, RejectedError, TransientError
from lgsp.standards.tls import client_context

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
        http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=client_context(), limits=limits)
        return cls(urls, http)

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
            InvalidMessageError: it does not take what was sent; the faults name the places.
            RejectedError: it refused; the message says why.
            TransientError: it does not answer.
        """
        if name not in self.urls:
            there = ", ".join(self.urls)
            raise NotFoundError(
                f"no stand-in plays {name!r}; there are: {there or 'none'}",
                f"Không có hệ thống giả lập {name!r}; chỉ có: {there or 'không có gì'}.",
            )
        try:
            answer = await self._http.request(
                method, f"{self.urls[name]}/__mock__/{path}", json=body, params=dict(params or {})
            )
            found = cast("JsonValue", answer.json())
        except (httpx.HTTPError, ValueError) as exc:
            raise TransientError(
                f"the stand-in {name} does not answer ({exc!r})",
                f"Hệ thống giả lập {name} không trả lời ({type(exc).__name__}).",
                system_down=True,
            ) from exc
        if answer.is_success:
            return found
        raise _refusal(name, answer.status_code, found if isinstance(found, dict) else {})

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


def _refusal(name: str, status: int, problem: Mapping[str, JsonValue]) -> LgspError:
    """What a problem document says."""
    faults = _faults(problem)
    if status == 422 and faults:
        return InvalidMessageError(name, faults)
    detail = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")[:500]
    said = (f"{name}: {detail}", f"{name}: {str(problem.get('detail_vi') or detail)[:500]}")
    return NotFoundError(*said) if status == 404 else RejectedError(*said, wire_code=str(status))


def _faults(problem: Mapping[str, JsonValue]) -> list[Fault]:
    errors = problem.get("errors")
    return [
        Fault(
            "stand_in.refused", str(one.get("pointer") or ""), str(one.get("detail")),
            str(one.get("detail_vi") or one.get("detail")),
        )
        for one in (errors if isinstance(errors, list) else [])[:20] if isinstance(one, dict)
    ]  # fmt: skip
