"""No request body grows past its bound, whether or not it says its length."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import MAX_MESSAGE_BYTES

__all__ = ["MAX_WIRE_BYTES", "BodyLimit"]

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
        limit = MAX_WIRE_BYTES if scope["path"].startswith("/in/") else MAX_MESSAGE_BYTES
        announced = dict(scope["headers"]).get(b"content-length", b"0")
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


def _too_large(limit: int) -> InvalidMessageError:
    detail = f"the body is larger than {limit} bytes"
    return InvalidMessageError(
        "request", [Fault("message.too_large", "", detail, f"Yêu cầu lớn hơn {limit} byte")]
    )
