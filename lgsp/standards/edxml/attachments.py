"""ContentTransferEncoded: base64 of a ZIP that holds the one file (as the real library writes it), or of the file itself."""

import base64
import binascii
import io
import zipfile
import zlib
from pathlib import PurePosixPath

__all__ = ["decode", "encode"]

MAX_FILE_BYTES = 150 * 1024 * 1024
MAX_RATIO = 200
_ZIP_FAMILY = frozenset({".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".jar", ".epub"})


def encode(content: bytes, *, zipped: bool = True) -> str:
    """For the wire; ZIP entries have a fixed date, so that equal files are equal on the wire."""
    if zipped:
        # What compresses like a bomb would be refused as one by any careful reader.
        ratio = len(content) / max(1, len(zlib.compress(content, 1)))
        method = zipfile.ZIP_STORED if ratio > MAX_RATIO / 4 else zipfile.ZIP_DEFLATED
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("content", (2016, 1, 1, 0, 0, 0)), content, method)
        content = buffer.getvalue()
    return base64.b64encode(content).decode()


def decode(text: str, name: str) -> bytes:
    """The file itself.

    Raises:
        ValueError: not base64, or a ZIP that unpacks to something absurd.
    """
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError(f"not base64: {exc}") from exc
    return _unwrapped(raw) if raw.startswith(b"PK\x03\x04") and not _is_zip_itself(raw, name) else raw


def _is_zip_itself(raw: bytes, name: str) -> bool:
    """A .docx is a ZIP too: only a ZIP of exactly one entry that the name does not announce is a wrapping."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    except zipfile.BadZipFile:
        return True
    if len(entries) != 1:
        return True
    suffix = PurePosixPath(name.lower()).suffix
    if suffix not in _ZIP_FAMILY:
        return False
    inner = PurePosixPath(entries[0].lower())
    # The real library wraps a .docx, too; then the one entry is not a part of a document but the document.
    return suffix == ".zip" and inner.name != "content"


def _unwrapped(raw: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entry = archive.infolist()[0]
            if entry.flag_bits & 0x1:
                raise ValueError("the ZIP around it is encrypted")
            if (
                entry.file_size > MAX_FILE_BYTES
                or entry.file_size > MAX_RATIO * max(1, entry.compress_size) + 65_536
            ):
                raise ValueError(
                    f"the ZIP around it would unpack to {entry.file_size} bytes; that is refused as a zip bomb"
                )
            with archive.open(entry) as file:
                content = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as exc:
        raise ValueError(f"the ZIP around it is damaged: {exc}") from exc
    if len(content) > entry.file_size:
        raise ValueError("the ZIP around it is longer than it says")
    return content
