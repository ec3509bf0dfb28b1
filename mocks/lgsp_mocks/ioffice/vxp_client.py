"""iOffice's side of the VXP wire: it is a client, and can be pointed at any server of it, the bus or an axis."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import cast

import httpx

from lgsp.standards import vxp
from lgsp.standards.content import Content, ContentWriter
from lgsp_mocks.kit import Context, Record

__all__ = ["Refused", "Unreachable", "VxpClient"]


_JSON = "application/json"


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
        self._urls: dict[str, httpx.URL] = {}

    @property
    def is_connected(self) -> bool:
        """Whether a server was configured."""
        return bool(self._url)

    async def send(self, raw: Content, kind: str, sender: str) -> str:
        """sendEdoc; the DocId. The real client appends a line break to the file."""
        signed = {"servicetype": "eDoc", "messagetype": kind, "hash-file": vxp.file_hash(raw), "from": sender}
        answer = await self._call("sendEdoc", signed, _Body(raw), "application/octet-stream")
        return str(answer.get("DocId", ""))

    async def received(self, kind: str) -> list[Record]:
        """GetReceivedEdocList."""
        answer = await self._call("getReceivedEdocList", {"servicetype": "eDoc", "messagetype": kind}, b"")
        rows = answer.get("data")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def download(self, doc_id: str) -> Content:
        """DownloadEdoc: the raw packet, to disk where it is large."""
        headers = self._signed({"docId": doc_id, "filePath": "./store/"}, _JSON)
        writer = ContentWriter()
        try:
            request = self._request("GET", "downloadEdoc", headers, None)
            async with aclosing(await self._context.http.send(request, stream=True)) as response:
                response.raise_for_status()
                async for chunk in response.aiter_bytes():
                    writer.write(chunk)
        except httpx.HTTPError as exc:
            writer.discard()
            raise Unreachable(f"downloadEdoc: {exc}") from exc
        content = writer.finish()
        if content.begins_with(b"{"):
            raise Refused(b"".join(content.chunks(0, 2000)).decode(errors="replace"))
        return content

    async def update(self, doc_id: str, status: str) -> None:
        """UpdateStatus."""
        await self._call("updateStatus", {"docid": doc_id, "status": status}, b"{}")

    async def _call(
        self, name: str, parameters: Mapping[str, str], body: "bytes | _Body", content_type: str = _JSON
    ) -> Record:
        headers = self._signed(parameters, content_type)
        if isinstance(body, _Body):
            headers["Content-Length"] = str(body.size)
        try:
            response = await self._context.http.send(self._request("POST", name, headers, body))
            response.raise_for_status()
            answer = cast("Record", response.json())
        except (httpx.HTTPError, ValueError) as exc:
            raise Unreachable(f"{name}: {exc}") from exc
        if str(answer.get("ErrorCode")) != "0":
            raise Refused(str(answer.get("ErrorDesc") or answer.get("ErrorCode")))
        return answer

    def _request(
        self, method: str, name: str, headers: dict[str, str], body: "bytes | _Body | None"
    ) -> httpx.Request:
        """As the client would build it, which parses the URL and puts the headers together three times."""
        client = self._context.http
        url = self._urls.get(name)
        if url is None:
            url = self._urls[name] = httpx.URL(f"{self._url}/{name}")
        usual = {name.decode(): value.decode() for name, value in client.headers.raw if name != b"User-Agent"}
        timeout = {"timeout": client.timeout.as_dict()}
        return httpx.Request(method, url, headers=usual | headers, content=body, extensions=timeout)

    def _signed(self, parameters: Mapping[str, str], content_type: str) -> dict[str, str]:
        stamp = vxp.timestamp(self._context.clock.now())
        signed = {"systemid": self._system, **parameters, "timestamp": stamp, "Content-Type": content_type}
        return {**vxp.sign(signed, self._secret), "Content-Type": content_type}


class _Body:
    """A file and the line break behind it."""

    def __init__(self, raw: Content) -> None:
        self._raw = raw
        self.size = raw.size + 2

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._raw.chunks():
            yield chunk
        yield b"\r\n"
