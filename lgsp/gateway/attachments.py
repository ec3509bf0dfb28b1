"""/api/messages/{id}/files/{sha256}: an attachment that a message carries, to be saved and never to be shown."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import JsonValue
from starlette.responses import StreamingResponse

from lgsp.errors import NotFoundError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.model.attachment import BlobRef

__all__ = ["AttachedFile", "attached", "attachment_routes"]

_DEEPEST = 12
_NAME = re.compile(r"[^\w. ()-]+")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A claim check: `size` in bytes."""

    name: str
    media_type: str
    size: int
    sha256: str


def attached(value: JsonValue, depth: int = 0) -> Iterator[AttachedFile]:
    """Every attachment, wherever it hangs."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        blob = value.get("blob")
        if isinstance(blob, dict) and "sha256" in blob:
            size = blob.get("size")
            yield AttachedFile(
                str(value.get("name", "")),
                str(value.get("media_type", "")),
                size if isinstance(size, int) else 0,
                str(blob["sha256"]),
            )
        for inner in value.values():
            yield from attached(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from attached(inner, depth + 1)


def attachment_routes(services: GatewayServices) -> APIRouter:
    """One file."""
    routes = APIRouter(prefix="/api/messages", tags=["messages"])

    @routes.get("/{message_id:path}/files/{sha256}", responses=documented(404, 503))
    async def download(message_id: str, sha256: str) -> StreamingResponse:
        """An attachment of that message, by its SHA-256; always as a download of unknown type, since what is in it is somebody else's."""
        _, body = await services.store.find(message_id)
        file = next((one for one in attached(body) if one.sha256 == sha256), None)
        if file is None or services.blobs is None:
            raise NotFoundError(
                f"message {message_id!r} carries no attachment {sha256[:64]!r}",
                f"bản tin {message_id!r} không có tệp đính kèm {sha256[:64]!r}",
            )
        content = services.blobs.open(BlobRef(sha256=file.sha256, size=file.size))
        first = await anext(content, b"")  # what is not there is said before the answer begins
        headers = {
            **_HEADERS, "Content-Length": str(file.size), "Content-Disposition": _disposition(file.name)
        }  # fmt: skip
        return StreamingResponse(
            _behind(first, content), media_type="application/octet-stream", headers=headers
        )

    return routes


async def _behind(first: bytes, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in content:
        yield chunk


def _disposition(name: str) -> str:
    """RFC 6266; no path, quote or line break of a hostile name gets into the header."""
    plain = _NAME.sub("_", name.replace("\\", "/").rpartition("/")[2])[:150].strip(". ") or "file"
    ascii_only = plain.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(plain, safe='')}"
