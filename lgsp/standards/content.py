"""Content of any size: in memory while it is small, in a nameless temporary file from there on."""

import base64
import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

__all__ = ["CHUNK_BYTES", "Content", "ContentWriter"]

CHUNK_BYTES = 192 * 1024
"""Also a multiple of 3, so that each chunk's base64 can be joined."""

IN_MEMORY_BYTES = 1024 * 1024


class _Spool:
    """Bytes in memory, or in a file without a name; what is left open is closed when nobody holds it any more."""

    __slots__ = ("__weakref__", "_close", "_fd", "_is_closed", "_memory")

    def __init__(self, fd: int | None = None, memory: bytes | bytearray = b"") -> None:
        self._memory = memory
        self._fd = fd
        self._is_closed = False
        self._close = None if fd is None else weakref.finalize(self, os.close, fd)

    def write(self, chunk: bytes) -> None:
        self._check_open()
        if self._fd is None and len(self._memory) + len(chunk) <= IN_MEMORY_BYTES:
            if not self._memory:
                self._memory = bytes(chunk)  # most are of one piece
                return
            if not isinstance(self._memory, bytearray):
                self._memory = bytearray(self._memory)
            self._memory += chunk
            return
        if self._fd is None:
            self._fd, name = tempfile.mkstemp(prefix="lgsp-")
            self._close = weakref.finalize(self, os.close, self._fd)
            Path(name).unlink()
            _write_all(self._fd, self._memory)
            self._memory = b""
        _write_all(self._fd, chunk)

    def read(self, start: int, length: int) -> bytes:
        self._check_open()
        if self._fd is not None:
            return os.pread(self._fd, length, start)
        return bytes(self._memory[start : start + length])

    def whole(self) -> bytes | None:
        """All of it, if it is in memory."""
        self._check_open()
        return bytes(self._memory) if self._fd is None else None

    def _check_open(self) -> None:
        # The number of a closed file may meanwhile be that of another one.
        if self._is_closed:
            raise ValueError("the content was closed")

    def close(self) -> None:
        self._is_closed = True
        self._memory = b""
        if self._close is not None:
            self._close()


def _write_all(fd: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


class Content:
    """Bytes that can be read any number of times, a chunk at a time and from any thread; equal where their SHA-256 is."""

    __slots__ = ("_sha256", "_spool", "size")

    def __init__(self, spool: _Spool, size: int, sha256: str = "") -> None:
        self._spool = spool
        self.size = size
        self._sha256 = sha256

    @property
    def sha256(self) -> str:
        """In hex; of what lies in memory it is made when somebody asks, which most never do."""
        if not self._sha256:
            self._sha256 = hashlib.sha256(self.read()).hexdigest()
        return self._sha256

    @classmethod
    def of_file(cls, path: Path, sha256: str) -> "Content":
        """Of a file whose digest is known; it stays readable also when the file is deleted meanwhile.

        Raises:
            FileNotFoundError: there is none.
        """
        fd = os.open(path, os.O_RDONLY)
        return cls(_Spool(fd), os.fstat(fd).st_size, sha256)

    @classmethod
    def of(cls, source: bytes | Iterable[bytes], *, max_bytes: int | None = None) -> "Content":
        """Of bytes, or of what an iterable gives.

        Raises:
            ValueError: more than `max_bytes`.
        """
        most = IN_MEMORY_BYTES if max_bytes is None else min(max_bytes, IN_MEMORY_BYTES)
        if isinstance(source, bytes) and len(source) <= most:
            return cls(_Spool(memory=source), len(source))
        writer = ContentWriter(max_bytes=max_bytes)
        try:
            for chunk in [source] if isinstance(source, bytes) else source:
                writer.write(chunk)
        except BaseException:
            writer.discard()
            raise
        return writer.finish()

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From `start` to before `end`.

        Raises:
            ValueError: it was closed.
            OSError: the file behind it was cut short meanwhile.
        """
        position, last = start, self.size if end is None else min(end, self.size)
        while position < last:
            chunk = self._spool.read(position, min(CHUNK_BYTES, last - position))
            if not chunk:
                raise OSError(f"the content ends at byte {position} of {self.size}")
            position += len(chunk)
            yield chunk

    def read(self) -> bytes:
        """All of it, in memory."""
        found = self._spool.whole()
        return b"".join(self.chunks()) if found is None else found

    def base64(self) -> Iterator[bytes]:
        """All of it in base64, by chunk."""
        return (base64.b64encode(chunk) for chunk in self.chunks())

    def open(self) -> IO[bytes]:
        """As a file to be read from any place."""
        if self.size <= CHUNK_BYTES:
            return io.BytesIO(self.read())
        return cast("IO[bytes]", io.BufferedReader(_Reader(self), CHUNK_BYTES))

    def begins_with(self, prefix: bytes) -> bool:
        """Whether these are its first bytes."""
        return self._spool.read(0, len(prefix)) == prefix

    def close(self) -> None:
        """Free the memory or the disk now, not when nobody holds the object any more."""
        self._spool.close()

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and (self.size, self.sha256) == (other.size, other.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"Content({self.size} bytes, sha256 {self.sha256[:12]}…)"


class _Reader(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._content = content
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._content.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # narrower than Buffer, which BufferedReader never hands over
        end = self._position + min(len(buffer), CHUNK_BYTES)
        chunk = next(self._content.chunks(self._position, end), b"")
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


class ContentWriter:
    """Makes a Content, chunk by chunk."""

    def __init__(self, *, max_bytes: int | None = None) -> None:
        self._spool = _Spool()
        self._digest: hashlib._Hash | None = None
        self._max_bytes = max_bytes
        self.size = 0

    def write(self, chunk: bytes) -> int:
        """Append; how many bytes were written.

        Raises:
            ValueError: the bound is passed; nothing more can be written.
        """
        self.size += len(chunk)
        if self._max_bytes is not None and self.size > self._max_bytes:
            self.discard()
            raise ValueError(f"larger than {self._max_bytes} bytes")
        if self._digest is None and self.size > IN_MEMORY_BYTES:
            # What goes to disk is digested on its way there.
            self._digest = hashlib.sha256(self._spool.read(0, self.size))
        if self._digest is not None:
            self._digest.update(chunk)
        self._spool.write(chunk)
        return len(chunk)

    def finish(self) -> Content:
        """The content; the writer is spent."""
        return Content(self._spool, self.size, self._digest.hexdigest() if self._digest else "")

    def discard(self) -> None:
        """Throw away what was written."""
        self._spool.close()
