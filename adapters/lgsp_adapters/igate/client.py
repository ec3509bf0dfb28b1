"""Calls of iGate's wire: token, search, detail, files, and the partner API."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote, urlencode

import httpx
from pydantic import JsonValue

from lgsp.adapter import AdapterSettings
from lgsp.errors import EarlyError, RejectedError, TransientError
from lgsp_adapters import wire
from lgsp_adapters.session import Session

__all__ = ["IGateClient", "Record"]

Record = dict[str, JsonValue]
Answer = httpx.Response | wire.Reply
TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - a path
PARTNER, CATALOGUE = "/pa/partner", "/ba/procedure"
MAX_FILE_BYTES = 150 * 1024 * 1024
_FINE = frozenset({"", "None", "0", "00", "200"})
_AWAY = frozenset({"502", "503", "504"})


class IGateClient:
    """Settings: `url`, `client_id`, `client_secret`, `timeout_s`."""

    def __init__(self, settings: AdapterSettings, system: str) -> None:
        self.url = wire.url_setting(settings, system)
        self._client_id = wire.setting(settings, system, "client_id", "sim")
        self._secret = wire.setting(settings, system, "client_secret")
        self._client = wire.build_client(
            self.url, timeout_s=wire.number_setting(settings, system, "timeout_s", 20.0)
        )
        self._session: Session[Answer] = Session(self._log_in)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def search(self, page: int, size: int) -> tuple[list[Record], bool]:
        """One page of the newest changes, and whether it is the last."""
        params: dict[str, str | int] = {
            "page": page,
            "size": size,
            "spec": "slice",
            "sort": "updatedDate,desc",
        }
        answer = wire.json_object(await self._get(f"/pa/dossier/search?{urlencode(params)}"), "search")
        rows = answer.get("content")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return found, bool(answer.get("last", True))

    async def find(self, code: str) -> Record:
        """The row of the dossier with that number, its own or the national one.

        Raises:
            EarlyError: iGate has none yet.
        """
        params: dict[str, str | int] = {"code": code, "page": 0, "size": 2, "spec": "slice"}
        answer = wire.json_object(await self._get(f"/pa/dossier/search?{urlencode(params)}"), "search")
        rows = answer.get("content")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not found:
            raise EarlyError(f"search: iGate has no dossier {code} yet")
        return found[0]

    async def detail(self, internal_id: str) -> Record:
        """A whole dossier."""
        return wire.json_object(await self._get(f"/pa/dossier/{internal_id}/--online"), "detail")

    async def file(self, file_id: str) -> bytes:
        """A file's content."""
        return (await self._get(f"/fi/file/{file_id}", max_bytes=MAX_FILE_BYTES)).content

    async def upload(self, name: str, content: bytes, media_type: str) -> Record:
        """UploadFile; IdTepTin and HashTepTin."""
        options: wire.CallOptions = {"files": {"file": (name, content, media_type)}}
        answer = _accepted(await self._call("POST", f"{PARTNER}/UploadFile", options), "UploadFile")
        data = answer.get("data")
        if not isinstance(data, list) or not data or not isinstance(data[0], dict):
            raise RejectedError("UploadFile: the answer names no file")
        return data[0]

    async def post(self, name: str, body: JsonValue) -> Record:
        """A call of the partner API.

        Raises:
            RejectedError: refused, whether by the HTTP status or by the `code` of an answer with HTTP 200.
            TransientError: that `code` is one of a server in trouble (5xx, 429).
        """
        return _accepted(await self._post(f"{PARTNER}/{name}", wire.json_body(body)), name)

    async def procedure(self, code: str) -> Record | None:
        """A procedure of iGate's catalogue with the list of its versions; None where iGate has none."""
        try:
            answer = await self._get(f"{CATALOGUE}/{quote(code, safe='')}")
        except RejectedError as exc:
            if exc.wire_code == "404":
                return None
            raise
        return wire.json_object(answer, "procedure")

    async def procedures(self, page: int, size: int) -> tuple[list[Record], bool]:
        """One page of the catalogue, and whether it is the last."""
        params: dict[str, str | int] = {"page": page, "size": size}
        answer = wire.json_object(await self._get(f"{CATALOGUE}/search?{urlencode(params)}"), "procedures")
        rows = answer.get("content")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return found, bool(answer.get("last", True))

    async def put_procedure(self, code: str, body: Record) -> Record:
        """One version into the catalogue.

        Raises:
            RejectedError, TransientError: as `post`.
        """
        answer = await self._call("PUT", f"{CATALOGUE}/{quote(code, safe='')}", {"json": body})
        return _accepted(answer, "procedure")

    async def _log_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret,
        }
        response = await wire.call(self._client, "POST", TOKEN_PATH, data=form)
        answer = wire.json_object(response, "token")
        token = answer.get("access_token")
        if response.status_code != httpx.codes.OK or not isinstance(token, str):
            # That is no message's fault: they wait until the account is put right.
            reason = answer.get("error_description") or answer.get("error")
            what = f"iGate gives no token as {self._client_id}: HTTP {response.status_code} {reason}"
            raise TransientError(what, system_down=True)
        return token

    async def _get(self, path: str, max_bytes: int = wire.MAX_RESPONSE_BYTES) -> Answer:
        async def attempt(token: str) -> wire.Reply:
            return await wire.ask(self._client, path, _signed(token), max_bytes=max_bytes)

        return await self._answer(attempt, path)

    async def _post(self, path: str, content: bytes) -> Answer:
        async def attempt(token: str) -> wire.Reply:
            headers = {**_signed(token), "Content-Type": "application/json"}
            return await wire.ask(self._client, path, headers, content)

        return await self._answer(attempt, path)

    async def _call(self, method: str, path: str, options: wire.CallOptions) -> Answer:
        """What is seldom, or wants more of httpx."""

        async def attempt(token: str) -> httpx.Response:
            signed: wire.CallOptions = {**options, "headers": _signed(token)}
            return await wire.call(self._client, method, path, **signed)

        return await self._answer(attempt, path)

    async def _answer(self, attempt: Callable[[str], Awaitable[Answer]], path: str) -> Answer:
        response = await self._session.run(attempt)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise _rejected(path.partition("?")[0], response)
        return response


def _signed(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _accepted(response: Answer, name: str) -> Record:
    """The answer of a call that succeeded: iGate says so in `code`, also where HTTP says 200."""
    answer = wire.json_object(response, name)
    code = str(answer.get("code", "")).strip()
    if code in _FINE:
        return answer
    what = f"{name}: HTTP {response.status_code}, code {code} {answer.get('message')}"
    if code == "429" or (len(code) == 3 and code.isdigit() and code.startswith("5")):
        raise TransientError(what, system_down=code in _AWAY)
    raise RejectedError(what, wire_code=code)


def _rejected(path: str, response: Answer) -> RejectedError:
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    fields: Sequence[object] = (
        (answer.get("code"), answer.get("message")) if isinstance(answer, dict) else ("", "")
    )
    return RejectedError(
        f"{path}: HTTP {response.status_code} {fields[0]} {fields[1]}",
        wire_code=str(fields[0] or response.status_code),
    )
