"""The control API of the stand-ins, as people's tools ask it. A real system is never asked."""

from collections.abc import Mapping, Sequence
from typing import Self, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.errors import LgspError, NotFoundError, RejectedError, TransientError

__all__ = ["StandIns"]

TIMEOUT_S = 5.0


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
        params: Mapping[str, str | int] | None = None,
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
