"""What citizens did, on its way to the province: posted, in order per dossier, until it answers error_code 0, or refuses."""

from datetime import datetime, timedelta

import httpx
from pydantic import JsonValue, ValidationError

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context

__all__ = ["PATH", "PAYMENT_PATH", "PROMOTION_PATH", "Outbox"]

PATH = "/web/guest/VXPAdapter/RestService/forward/nhanhsdvcqg"
PAYMENT_PATH = "/web/guest/VXPAdapter/RestService/forward/nhantbthuedvcqg"
PROMOTION_PATH = "/web/guest/VXPAdapter/RestService/forward/addtthcKhuyenMai"
LONGEST_PAUSE_S = 60.0


class Outbox:
    """Table `callbacks` has what is still to be delivered; how it ended stands in `chuyen_ve_tinh` of the dossier, or of the answer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table = context.state.table("callbacks")

    def add(self, code: str, payload: dict[str, JsonValue], *, path: str = PATH, answer: int = 0) -> None:
        """Queue a dossier, or the citizen's answer of that number from 1; it is due at once."""
        due = self._context.clock.now().isoformat()
        row: dict[str, JsonValue] = {
            "MaHoSo": code, "path": path, "answer": answer, "payload": payload, "tries": 0, "next_at": due, "last_error": "",
        }  # fmt: skip
        self._table.put(f"{code}#{answer}" if answer else code, row)

    async def deliver(self) -> int:
        """Post everything that is due; returns how many posts were made. The kit never runs two rounds at once."""
        base = self._context.settings.get("callback_url", "").rstrip("/")
        if not base:
            return 0
        posted, waiting = 0, set()
        for key, row in self._table.items():
            # The province can't take an answer to a dossier that it has not got.
            if row["MaHoSo"] in waiting or not _due(row, self._context.clock.now()):
                waiting.add(row["MaHoSo"])
                continue
            posted += 1
            await self._post(base + str(row.get("path", PATH)), key)
            if key in self._table:
                waiting.add(row["MaHoSo"])
        return posted

    async def _post(self, url: str, key: str) -> None:
        row = self._table.get(key)
        if row is None:
            return
        reply, error = await self._call(url, row["payload"])
        if self._table.get(key) is not row:
            return  # the stand-in was reset in the meantime
        tries = int(str(row["tries"])) + 1
        if reply is None:
            self._postpone(key, row, tries, error)
            return
        self._table.delete(key)
        outcome = "delivered" if reply.error_code == 0 else "refused"
        self._note(row, {"state": outcome, "tries": tries, "message": reply.message or ""})

    async def _call(self, url: str, payload: JsonValue) -> tuple[dvcqg.CallbackReply | None, str]:
        try:
            response = await self._context.http.post(url, json=payload)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            return None, f"{type(exc).__name__}: {exc}"
        if response.status_code != httpx.codes.OK:
            return None, f"HTTP {response.status_code}"
        try:
            return dvcqg.CallbackReply.model_validate_json(response.content), ""
        except ValidationError:
            return None, "the answer is not {error_code, message}"

    def _postpone(self, key: str, row: dict[str, JsonValue], tries: int, error: str) -> None:
        pause = min(LONGEST_PAUSE_S, 2.0 ** min(tries - 1, 10))
        due = self._context.clock.now() + timedelta(seconds=pause)
        self._table.put(key, row | {"tries": tries, "next_at": due.isoformat(), "last_error": error})
        self._note(row, {"state": "waiting", "tries": tries, "message": error})

    def _note(self, row: dict[str, JsonValue], outcome: dict[str, JsonValue]) -> None:
        dossiers, code, number = (
            self._context.state.table("dossiers"),
            str(row["MaHoSo"]),
            row.get("answer", 0),
        )
        dossier = dossiers.get(code)
        if dossier is None:
            return
        if not number:
            dossiers.put(code, dossier | {"chuyen_ve_tinh": outcome})
            return
        answers = dossier.get("cong_dan")
        told: list[JsonValue] = [
            one | {"chuyen_ve_tinh": outcome} if isinstance(one, dict) and one.get("so") == number else one
            for one in (answers if isinstance(answers, list) else [])
        ]
        dossiers.put(code, dossier | {"cong_dan": told})


def _due(row: dict[str, JsonValue], now: datetime) -> bool:
    return datetime.fromisoformat(str(row["next_at"])) <= now
