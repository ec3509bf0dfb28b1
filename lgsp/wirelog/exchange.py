"""One request and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["KEPT_BYTES", "Body", "Caller", "Exchange"]

KEPT_BYTES = 4 * 1024 * 1024
"""How much of a body is held in memory until it is cleaned and cut."""

Caller = Literal["bus", "system"]


@dataclass(slots=True)
class Body:
    """The beginning of a body, and how long all of it is; filled chunk by chunk while the call goes on."""

    kept: bytearray = field(default_factory=bytearray)
    size: int = 0

    def add(self, chunk: bytes) -> None:
        """The next chunk; what does not fit any more is only counted."""
        room = KEPT_BYTES - len(self.kept)
        if room > 0:
            self.kept += chunk[:room]
        self.size += len(chunk)


@dataclass(slots=True)
class Exchange:
    """`caller` made the request. `status` 0: no answer, and `error` says why. Times in milliseconds."""

    caller: Caller
    method: str
    url: str
    headers: Sequence[tuple[str, str]] = ()
    body: Body = field(default_factory=Body)
    status: int = 0
    answer_headers: Sequence[tuple[str, str]] = ()
    answer: Body = field(default_factory=Body)
    error: str = ""
    at_ms: int = 0
    took_ms: int = 0
