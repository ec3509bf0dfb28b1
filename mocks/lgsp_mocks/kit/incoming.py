"""A request's body, looked at before the stand-in reads it."""

import json
import re
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope

__all__ = ["Peeked", "operation_of", "peek"]

_SERVICE = re.compile(r'"service"\s*:\s*"(\w{1,60})"|<service>\s*(\w{1,60})\s*</service>')


@dataclass(frozen=True, slots=True)
class Peeked:
    """The first bytes of a body, whether they are all of it, and where to read the whole of it from once more."""

    body: bytes
    is_whole: bool
    receive: Receive

    @property
    def text(self) -> str:
        """As text; what is no UTF-8 is replaced. Names that JSON escapes are as they were meant."""
        text = self.body.decode(errors="replace")
        if self.is_whole and "\\u" in text:
            try:
                return json.dumps(json.loads(text), ensure_ascii=False)
            except (ValueError, RecursionError):
                return text
        return text


async def peek(receive: Receive, max_bytes: int) -> Peeked:
    """Read up to `max_bytes` (a last chunk may pass them), to be read again by whoever is behind."""
    held: list[Message] = []
    body, more = bytearray(), True
    while more and len(body) < max_bytes:
        message = await receive()
        held.append(message)
        body.extend(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    is_whole = not more and held[-1]["type"] == "http.request"
    held.reverse()

    async def again() -> Message:
        return held.pop() if held else await receive()

    return Peeked(bytes(body), is_whole, again)


def operation_of(scope: Scope, text: str = "") -> str:
    """What the call is named: the portal's `service`, else the last part of the path."""
    found = _SERVICE.search(text)
    if found is not None:
        return found[1] or found[2]
    parts = [part for part in str(scope["path"]).split("/") if part]
    return parts[-1] if parts else ""
