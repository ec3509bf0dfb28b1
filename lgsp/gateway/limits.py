"""No request body grows past its bound, whether or not it says its length."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import MAX_MESSAGE_BYTES

__all__ = ["BATCH", "MAX_BATCH_BYTES", "MAX_WIRE_BYTES", "BodyLimit"]

BATCH = "application/cloudevents-batch+json"

MAX_BATCH_BYTES = 16 * MAX_MESSAGE_BYTES

MAX_WIRE_BYTES = 300 * 1024 * 1024
"""Under `/in/`: a packet with its attachments in base64."""


class BodyLimit:
    """ASGI middleware: reading more than the bound raises InvalidMessageError, which becomes 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = _limit(scope["path"], headers.get(b"content-type", b""))
        announced = headers.get(b"content-length", b"0")
        if b"transfer-encoding" not in headers and announced.isdigit() and int(announced) <= limit:
            # The server hands over no more than was announced.
            await self._app(scope, receive, send)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            if announced.isdigit() and int(announced) > limit:
                raise _too_large(limit)
            event = await receive()
            seen += len(event.get("body", b""))
            if seen > limit:
                raise _too_large(limit)
            return event

        await self._app(scope, bounded, send)


def _limit(path: str, content_type: bytes) -> int:
    if path.startswith("/in/"):
        return MAX_WIRE_BYTES
    return MAX_BATCH_BYTES if content_type.lower().startswith(BATCH.encode()) else MAX_MESSAGE_BYTES


def _too_large(limit: int) -> InvalidMessageError:
    detail = f"the body is larger than {limit} bytes"
    return InvalidMessageError(
        "request", [Fault("message.too_large", "", detail, f"Yêu cầu lớn hơn {limit} byte")]
    )
