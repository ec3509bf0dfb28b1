"""A login that several calls share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from lgsp.errors import TransientError

__all__ = ["Session"]

_LOGINS = 3


class _HasStatus(Protocol):
    status_code: int


Answered = TypeVar("Answered", bound=_HasStatus)


def _is_unauthorized(response: _HasStatus) -> bool:
    return response.status_code == 401


class Session(Generic[Answered]):
    """A login that is kept until the system refuses it; one login at a time."""

    def __init__(
        self,
        log_in: Callable[[], Awaitable[str]],
        refused: Callable[[Answered], bool] = _is_unauthorized,
    ) -> None:
        self._log_in = log_in
        self._refused = refused
        self._token: str | None = None
        self._lock = asyncio.Lock()

    async def run(self, attempt: Callable[[str], Awaitable[Answered]]) -> Answered:
        """`attempt(token)`, again with a new token where the last was refused.

        Raises:
            TransientError: it refuses even those that it has just given.
        """
        token = await self._current(None)
        response = await attempt(token)
        for _ in range(_LOGINS):
            if not self._refused(response):
                return response
            token = await self._current(token)
            response = await attempt(token)
        if self._refused(response):
            # That is no message's fault, and would be the same for each.
            reason = f"HTTP {response.status_code}: a session that has just begun is refused"
            raise TransientError(reason, system_down=True)
        return response

    async def _current(self, refused_token: str | None) -> str:
        async with self._lock:
            if self._token is None or self._token == refused_token:
                self._token = None
                self._token = await self._log_in()
            return self._token
