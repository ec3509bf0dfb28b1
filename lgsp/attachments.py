"""Claim check: large content lies in files beside the stream, by its SHA-256."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from lgsp.errors import Fault, InvalidMessageError, NotFoundError
from lgsp.model.attachment import BlobRef

__all__ = ["MAX_BLOB_BYTES", "FileBlobStore"]

MAX_BLOB_BYTES = 200 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_SMALL_BYTES = 32 * 1024
"""To read so little takes less than the way to a thread and back."""


class FileBlobStore:
    """BlobStore in `root/aa/bb/<sha256>`; a blob is there whole or not at all, also after a crash."""

    def __init__(self, root: Path, *, max_bytes: int = MAX_BLOB_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes

    async def put(self, content: AsyncIterator[bytes] | bytes) -> BlobRef:
        """Store; the same content is stored once.

        Raises:
            InvalidMessageError: larger than the bound; nothing is kept.
        """
        if isinstance(content, bytes):
            return await self._put_whole(content)
        first, ends = await _beginning(content)
        if ends:
            return await self._put_whole(first)
        return await self._put_stream(_behind(first, content))

    async def _put_stream(self, content: AsyncIterator[bytes]) -> BlobRef:
        digest = hashlib.sha256()
        size = 0
        file = await asyncio.to_thread(self._temporary)
        try:
            async for chunk in content:
                size += len(chunk)
                _check_size(size, self._max_bytes)
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            ref = BlobRef(sha256=digest.hexdigest(), size=size)
            await asyncio.to_thread(_keep, file, self._path(ref.sha256))
        except BaseException:
            await asyncio.to_thread(_throw_away, file)
            raise
        return ref

    async def _put_whole(self, raw: bytes) -> BlobRef:
        _check_size(len(raw), self._max_bytes)
        if len(raw) <= _SMALL_BYTES:
            # To look for a small file takes less than to ask a thread to.
            ref = _ref_of(raw)
            if _holds(self._path(ref.sha256), raw):
                return ref
        return await asyncio.to_thread(self._write, raw)

    def _write(self, raw: bytes) -> BlobRef:
        """What lies there already is not written again."""
        ref = _ref_of(raw)
        place = self._path(ref.sha256)
        if _holds(place, raw):
            return ref
        file = self._temporary()
        try:
            file.write(raw)
            _keep(file, place)
        except BaseException:
            _throw_away(file)
            raise
        return ref

    async def open(self, ref: BlobRef) -> AsyncIterator[bytes]:
        """The content in chunks; its digest is checked at the end.

        Raises:
            NotFoundError: nothing is stored under that digest, or the file was damaged.
        """
        try:
            if ref.size <= _SMALL_BYTES:
                yield self._read_whole(ref)
                return
            if ref.size <= _CHUNK_BYTES:
                yield await asyncio.to_thread(self._read_whole, ref)
                return
            file = await asyncio.to_thread(self._path(ref.sha256).open, "rb")
        except FileNotFoundError as exc:
            raise NotFoundError(f"no attachment with SHA-256 {ref.sha256}") from exc
        digest = hashlib.sha256()
        try:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                digest.update(chunk)
                yield chunk
        finally:
            file.close()
        _check_digest(digest.hexdigest(), ref)

    def _read_whole(self, ref: BlobRef) -> bytes:
        raw = self._path(ref.sha256).read_bytes()
        _check_digest(hashlib.sha256(raw).hexdigest(), ref)
        return raw

    def _temporary(self) -> IO[bytes]:
        self._root.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=self._root, prefix="new-", delete=False)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:4] / sha256


def _ref_of(raw: bytes) -> BlobRef:
    return BlobRef(sha256=hashlib.sha256(raw).hexdigest(), size=len(raw))


def _holds(place: Path, raw: bytes) -> bool:
    try:
        return place.read_bytes() == raw
    except OSError:
        return False


def _keep(file: IO[bytes], target: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    Path(file.name).replace(target)
    if os.name != "posix":
        return  # a folder can't be opened elsewhere
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _throw_away(file: IO[bytes]) -> None:
    file.close()
    Path(file.name).unlink(missing_ok=True)


async def _beginning(coming: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """What comes first, up to about a chunk; and whether that was all."""
    parts, size = [], 0
    async for chunk in coming:
        parts.append(chunk)
        size += len(chunk)
        if size > _CHUNK_BYTES:
            return b"".join(parts), False
    return b"".join(parts), True


async def _behind(first: bytes, coming: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in coming:
        yield chunk


def _check_digest(found: str, ref: BlobRef) -> None:
    if found != ref.sha256:
        raise NotFoundError(f"the attachment with SHA-256 {ref.sha256} was damaged on disk")


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        detail = f"larger than {limit} bytes"
        detail_vi = f"Tệp đính kèm quá lớn (tối đa {limit} byte)"
        raise InvalidMessageError("attachment", [Fault("attachment.too_large", "", detail, detail_vi)])
