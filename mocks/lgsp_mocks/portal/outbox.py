"""Submitted dossiers on their way to the province: posted until it answers error_code 0, or refuses."""

from datetime import datetime, timedelta

import httpx
from pydantic import JsonValue, ValidationError

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context

__all__ = ["PATH", "Outbox"]

PATH = "/web/guest/VXPAdapter/RestService/forward/nhanhsdvcqg"
TIMEOUT_S = 10.0
LONGEST_PAUSE_S = 60.0


class Outbox:
    """Table `callbacks` has what is still to be delivered; how it ended stands in the dossier's `chuyen_ve_tinh`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table = context.state.table("callbacks")

    def add(self, code: str, payload: dict[str, JsonValue]) -> None:
        """Queue one dossier; it is due at once."""
        due = self._context.clock.now().isoformat()
        self._table.put(
            code, {"MaHoSo": code, "payload": payload, "tries": 0, "next_at": due, "last_error": ""}
        )

    async def deliver(self) -> int:
        """Post everything that is due; returns how many posts were made. The kit never runs two rounds at once."""
        base = self._context.settings.get("callback_url", "").rstrip("/")
        if not base:
            return 0
        due = [code for code, row in self._table.items() if _due(row, self._context.clock.now())]
        for code in due:
            await self._post(base + PATH, code)
        return len(due)

    async def _post(self, url: str, code: str) -> None:
        row = self._table.get(code)
        if row is None:
            return
        reply, error = await self._call(url, row["payload"])
        if self._table.get(code) is not row:
            return  # the stand-in was reset in the meantime
        tries = int(str(row["tries"])) + 1
        if reply is None:
            self._postpone(code, row, tries, error)
            return
        self._table.delete(code)
        outcome = "delivered" if reply.error_code == 0 else "refused"
        self._note(code, {"state": outcome, "tries": tries, "message": reply.message or ""})

    async def _call(self, url: str, payload: JsonValue) -> tuple[dvcqg.CallbackReply | None, str]:
        try:
            response = await self._context.http.post(url, json=payload, timeout=TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            return None, f"{type(exc).__name__}: {exc}"
        if response.status_code != httpx.codes.OK:
            return None, f"HTTP {response.status_code}"
        try:
            return dvcqg.CallbackReply.model_validate_json(response.content), ""
        except ValidationError:
            return None, "the answer is not {error_code, message}"

    def _postpone(self, code: str, row: dict[str, JsonValue], tries: int, error: str) -> None:
        pause = min(LONGEST_PAUSE_S, 2.0 ** min(tries - 1, 10))
        due = self._context.clock.now() + timedelta(seconds=pause)
        self._table.put(code, row | {"tries": tries, "next_at": due.isoformat(), "last_error": error})
        self._note(code, {"state": "waiting", "tries": tries, "message": error})

    def _note(self, code: str, outcome: dict[str, JsonValue]) -> None:
        dossiers = self._context.state.table("dossiers")
        dossier = dossiers.get(code)
        if dossier is not None:
            dossiers.put(code, dossier | {"chuyen_ve_tinh": outcome})


def _due(row: dict[str, JsonValue], now: datetime) -> bool:
    return datetime.fromisoformat(str(row["next_at"])) <= now
