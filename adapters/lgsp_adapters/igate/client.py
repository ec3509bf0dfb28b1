"""Calls of iGate's wire: token, search, detail, files, and the partner API."""

from collections.abc import Sequence

import httpx
from pydantic import JsonValue

from lgsp.adapter import AdapterSettings
from lgsp.errors import RejectedError
from lgsp_adapters import wire

__all__ = ["IGateClient", "Record"]

Record = dict[str, JsonValue]
TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - a path
PARTNER = "/pa/partner"
MAX_FILE_BYTES = 150 * 1024 * 1024


class IGateClient:
    """Settings: `url`, `client_id`, `client_secret`, `timeout_s`."""

    def __init__(self, settings: AdapterSettings, system: str) -> None:
        self.url = wire.url_setting(settings, system)
        self._client_id = wire.setting(settings, system, "client_id", "sim")
        self._secret = wire.setting(settings, system, "client_secret")
        self._client = wire.build_client(
            self.url, timeout_s=wire.number_setting(settings, system, "timeout_s", 20.0)
        )
        self._session = wire.Session(self._log_in)

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
        answer = wire.json_object(await self._call("GET", "/pa/dossier/search", params=params), "search")
        rows = answer.get("content")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return found, bool(answer.get("last", True))

    async def detail(self, internal_id: str) -> Record:
        """A whole dossier."""
        return wire.json_object(await self._call("GET", f"/pa/dossier/{internal_id}/--online"), "detail")

    async def file(self, file_id: str) -> bytes:
        """A file's content."""
        return (await self._call("GET", f"/fi/file/{file_id}", max_bytes=MAX_FILE_BYTES)).content

    async def upload(self, name: str, content: bytes, media_type: str) -> Record:
        """UploadFile; IdTepTin and HashTepTin."""
        files = {"file": (name, content, media_type)}
        answer = wire.json_object(
            await self._call("POST", f"{PARTNER}/UploadFile", files=files), "UploadFile"
        )
        data = answer.get("data")
        if not isinstance(data, list) or not data or not isinstance(data[0], dict):
            raise RejectedError("UploadFile: the answer names no file")
        return data[0]

    async def post(self, name: str, body: JsonValue) -> Record:
        """A call of the partner API."""
        return wire.json_object(await self._call("POST", f"{PARTNER}/{name}", json=body), name)

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
            reason = answer.get("error_description") or answer.get("error")
            raise RejectedError(f"iGate gives no token: {reason}", wire_code=str(answer.get("error", "")))
        return token

    async def _call(
        self, method: str, path: str, *, params: dict[str, str | int] | None = None, json: object = None,
        files: dict[str, tuple[str, bytes, str]] | None = None, max_bytes: int = wire.MAX_RESPONSE_BYTES,
    ) -> httpx.Response:  # fmt: skip
        options: wire.CallOptions = {}
        if params is not None:
            options["params"] = params
        if json is not None:
            options["json"] = json
        if files is not None:
            options["files"] = files

        async def attempt(token: str) -> httpx.Response:
            signed: wire.CallOptions = {**options, "headers": {"Authorization": f"Bearer {token}"}}
            return await wire.call(self._client, method, path, max_bytes=max_bytes, **signed)

        response = await self._session.run(attempt)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise _rejected(path, response)
        return response


def _rejected(path: str, response: httpx.Response) -> RejectedError:
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
