"""iOffice's side of the VXP wire: it is a client, and can be pointed at any server of it, the bus or an axis."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

import httpx
from pydantic_core import from_json

from lgsp.standards import vxp
from lgsp.standards.content import Content, ContentWriter
from lgsp.standards.encoded import EncodingError, Unpacker
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
        await self._read("GET", "downloadEdoc", headers, b"", writer.write)
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
        chunks: list[bytes] = []
        await self._read("POST", name, headers, body, chunks.append)
        try:
            answer = cast("Record", from_json(b"".join(chunks)))
        except ValueError as exc:
            raise Unreachable(f"{name}: {exc}") from exc
        if str(answer.get("ErrorCode")) != "0":
            raise Refused(str(answer.get("ErrorDesc") or answer.get("ErrorCode")))
        return answer

    async def _read(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str],
        body: "bytes | _Body",
        sink: Callable[[bytes], object],
    ) -> None:
        try:
            answer = await self._context.http.call(method, f"{self._url}/{name}", headers, body)
            try:
                if not 200 <= answer.status < 300:
                    raise Unreachable(f"{name}: HTTP {answer.status}")
                unpacker = Unpacker(answer.header(b"content-encoding"))
                while chunk := await answer.chunk():
                    for piece in unpacker.unpack(chunk):
                        sink(piece)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, EncodingError) as exc:
            raise Unreachable(f"{name}: {exc}") from exc

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
