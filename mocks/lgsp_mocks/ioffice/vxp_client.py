"""iOffice's side of the VXP wire: it is a client, and can be pointed at any server of it, the bus or an axis."""

import base64
from collections.abc import Mapping
from typing import cast

import httpx

from lgsp.standards import vxp
from lgsp_mocks.kit import Context, Record

__all__ = ["Refused", "Unreachable", "VxpClient"]


class Unreachable(Exception):  # noqa: N818 - a state of the line, tried again next round
    """No usable answer."""


class Refused(Exception):  # noqa: N818 - an answer of the wire
    """The server answered with an ErrorCode other than 0."""


class VxpClient:
    """Signs and calls. Settings: `vxp_url`, `vxp_system_id`, `vxp_secret`; without a URL nothing is called."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._url = context.settings.get("vxp_url", "").rstrip("/")
        self._system = context.settings.get("vxp_system_id", "sim.ioffice.h34")
        self._secret = context.settings.get("vxp_secret", "sim-secret")

    @property
    def is_connected(self) -> bool:
        """Whether a server was configured."""
        return bool(self._url)

    async def send(self, raw: bytes, kind: str, sender: str) -> str:
        """sendEdoc; the DocId."""
        signed = {"servicetype": "eDoc", "messagetype": kind, "hash-file": vxp.file_hash(raw), "from": sender}
        answer = await self._call("sendEdoc", signed, raw + b"\r\n", "application/octet-stream")
        return str(answer.get("DocId", ""))

    async def received(self, kind: str) -> list[Record]:
        """GetReceivedEdocList."""
        answer = await self._call("getReceivedEdocList", {"servicetype": "eDoc", "messagetype": kind}, b"")
        rows = answer.get("data")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def get(self, doc_id: str) -> bytes:
        """GetEdoc."""
        answer = await self._call("getEdoc", {"docId": doc_id, "filePath": "./store/"}, b"{}")
        return base64.b64decode(str(answer.get("data", "")))

    async def update(self, doc_id: str, status: str) -> None:
        """UpdateStatus."""
        await self._call("updateStatus", {"docid": doc_id, "status": status}, b"{}")

    async def _call(
        self, name: str, parameters: Mapping[str, str], body: bytes, content_type: str = "application/json"
    ) -> Record:
        stamp = vxp.timestamp(self._context.clock.now())
        signed = {"systemid": self._system, **parameters, "timestamp": stamp, "Content-Type": content_type}
        headers = {**vxp.sign(signed, self._secret), "Content-Type": content_type}
        try:
            response = await self._context.http.post(f"{self._url}/{name}", content=body, headers=headers)
            response.raise_for_status()
            answer = cast("Record", response.json())
        except (httpx.HTTPError, ValueError) as exc:
            raise Unreachable(f"{name}: {exc}") from exc
        if str(answer.get("ErrorCode")) != "0":
            raise Refused(str(answer.get("ErrorDesc") or answer.get("ErrorCode")))
        return answer
