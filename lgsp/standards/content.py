"""Content of any size: in memory while it is small, in a nameless temporary file from there on."""

import base64
import hashlib
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import Protocol

__all__ = ["CHUNK_BYTES", "Content", "ContentWriter"]

CHUNK_BYTES = 192 * 1024
"""Also a multiple of 3, so that each chunk's base64 can be joined."""

IN_MEMORY_BYTES = 1024 * 1024


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Content:
    """Bytes that can be read any number of times, a chunk at a time; equal where their SHA-256 is.

    What is large lies in a temporary file that has no name: it is gone with this object, also after a crash.
    """

    __slots__ = ("_file", "_turn", "sha256", "size")

    def __init__(self, file: "tempfile.SpooledTemporaryFile[bytes]", size: int, sha256: str) -> None:
        self._file = file
        self._turn = threading.Lock()
        self.size = size
        self.sha256 = sha256

    @classmethod
    def of(cls, source: bytes | Iterable[bytes], *, max_bytes: int | None = None) -> "Content":
        """Of bytes, or of what an iterable gives.

        Raises:
            ValueError: more than `max_bytes`.
        """
        writer = ContentWriter(max_bytes=max_bytes)
        try:
            for chunk in [source] if isinstance(source, bytes) else source:
                writer.write(chunk)
        except BaseException:
            writer.discard()
            raise
        return writer.finish()

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From `start` to before `end`; readers don't disturb each other, in whatever threads they are."""
        position, last = start, self.size if end is None else min(end, self.size)
        while position < last:
            with self._turn:
                self._file.seek(position)
                chunk = self._file.read(min(CHUNK_BYTES, last - position))
            if not chunk:
                return
            position += len(chunk)
            yield chunk

    def read(self) -> bytes:
        """All of it, in memory."""
        return b"".join(self.chunks())

    def base64(self) -> Iterator[bytes]:
        """All of it in base64, by chunk."""
        return (base64.b64encode(chunk) for chunk in self.chunks())

    def begins_with(self, prefix: bytes) -> bool:
        """Whether these are its first bytes."""
        return next(self.chunks(0, len(prefix)), b"") == prefix

    def close(self) -> None:
        """Free the memory or the disk now, not when the object is collected."""
        self._file.close()

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and (self.size, self.sha256) == (other.size, other.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"Content({self.size} bytes, sha256 {self.sha256[:12]}…)"

    def __del__(self) -> None:
        self._file.close()


class ContentWriter:
    """Makes a Content, chunk by chunk."""

    def __init__(self, *, max_bytes: int | None = None) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - handed over to the Content
        self._digest: _Digest = hashlib.sha256()
        self._max_bytes = max_bytes
        self.size = 0

    def write(self, chunk: bytes) -> int:
        """Append.

        Raises:
            ValueError: the bound is passed; nothing more can be written.
        """
        self.size += len(chunk)
        if self._max_bytes is not None and self.size > self._max_bytes:
            self.discard()
            raise ValueError(f"larger than {self._max_bytes} bytes")
        self._digest.update(chunk)
        return self._file.write(chunk)

    def finish(self) -> Content:
        """The content; the writer is spent."""
        return Content(self._file, self.size, self._digest.hexdigest())

    def discard(self) -> None:
        """Throw away what was written."""
        self._file.close()
