"""ContentTransferEncoded: base64 of a ZIP that holds the one file (as the real library writes it), or of the file itself."""

import base64
import binascii
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from struct import Struct
from typing import IO

from lgsp.standards.content import CHUNK_BYTES, Content

__all__ = ["MAX_FILE_BYTES", "decode", "encode"]

MAX_FILE_BYTES = 150 * 1024 * 1024
MAX_RATIO = 200
_STORED_FROM = 1024 * 1024
_ZIP_FAMILY = frozenset({".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".jar", ".epub"})
_BLANKS = b" \t\r\n"
_REFERENCE = re.compile(rb"&#(?:0*(?:9|10|13|32)|[xX]0*(?:9|[aA]|[dD]|20));")
_LONGEST_REFERENCE = 12
_LONGEST_ZIP_END = 65_536 + 22
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ZIP_DATE = (2016, 1, 1, 0, 0, 0)
_ZIP_DAY = (2016 - 1980) << 9 | 1 << 5 | 1
_BY_UNIX, _OWNERS_ONLY = 3 << 8, 0o600 << 16
_SMALL_BYTES = 64 * 1024
_END, _LISTED, _ENTRY = Struct("<4s4H2LH"), Struct("<4s6H3L5H2L"), Struct("<4s5H3L2H")
_ONLY_ONE = [b"PK\x05\x06", 0, 0, 1, 1]
_NEEDED = 20
"""The version of the format that knows deflation."""

_FLAGS = 0x080E
"""How hard it was packed, that its sizes follow it, that its name is UTF-8."""


def encode(content: Content, *, zipped: bool = True) -> Iterator[bytes]:
    """For the wire, by chunk; ZIP entries have a fixed date, so that equal files are equal on the wire."""
    if not zipped:
        yield from content.base64()
        return
    if content.size <= _SMALL_BYTES:
        yield base64.b64encode(_plain_zip(content.read(), deflated=_is_to_be_deflated(content)))
        return
    with tempfile.SpooledTemporaryFile(_STORED_FROM) as file:
        _zip(content, file)
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield base64.b64encode(chunk)


def _zip(content: Content, file: IO[bytes]) -> None:
    method = zipfile.ZIP_DEFLATED if _is_to_be_deflated(content) else zipfile.ZIP_STORED
    entry = zipfile.ZipInfo("content", _ZIP_DATE)
    entry.compress_type = method
    entry.file_size = content.size
    with zipfile.ZipFile(file, "w", method) as archive, archive.open(entry, "w") as packed_file:
        for chunk in content.chunks():
            packed_file.write(chunk)


def _plain_zip(raw: bytes, *, deflated: bool) -> bytes:
    """As zipfile writes it, byte for byte, in a third of the time."""
    method, packed = zipfile.ZIP_STORED, raw
    if deflated:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        method, packed = zipfile.ZIP_DEFLATED, packer.compress(raw) + packer.flush()
    name = b"content"
    about = (_NEEDED, 0, method, 0, _ZIP_DAY, zlib.crc32(raw), len(packed), len(raw), len(name), 0)
    entry = _ENTRY.pack(b"PK\x03\x04", *about) + name
    listed = _LISTED.pack(b"PK\x01\x02", _BY_UNIX | _NEEDED, *about, 0, 0, 0, _OWNERS_ONLY, 0) + name
    end = _END.pack(*_ONLY_ONE, len(listed), len(entry) + len(packed), 0)
    return b"".join([entry, packed, listed, end])


def _is_to_be_deflated(content: Content) -> bool:
    if content.size >= _STORED_FROM:
        return False
    # What compresses like a bomb would be refused as one by any careful reader.
    return content.size <= MAX_RATIO / 4 * len(zlib.compress(content.read(), 1))


def decode(text: Iterable[bytes], name: str) -> Content:
    """The file itself.

    Raises:
        ValueError: not base64, larger than MAX_FILE_BYTES, or a ZIP that unpacks to something absurd.
    """
    raw = Content.of(_decoded(text), max_bytes=MAX_FILE_BYTES)
    if not raw.begins_with(b"PK\x03\x04"):
        return raw
    if raw.size <= _SMALL_BYTES and _announces_no_zip(name):
        plain = _plainly_wrapped(raw.read())
        if plain is not None:
            return Content.of(plain)
    if not _holds_one_entry(raw):
        return raw
    with raw.open() as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError):
            return raw
        return raw if _is_zip_itself(archive, name) else _unwrapped(archive)


def _announces_no_zip(name: str) -> bool:
    return "/" not in name and not name.lower().endswith(tuple(_ZIP_FAMILY))


def _plainly_wrapped(raw: bytes) -> bytes | None:
    """What a ZIP of one plain entry holds, its directory and its end behind it; None of any other ZIP, which zipfile has to judge."""
    if len(raw) < _ENTRY.size + _LISTED.size + _END.size:
        return None
    *is_end, length, start, comment = _END.unpack(raw[-_END.size :])
    if is_end != _ONLY_ONE or comment or start + length + _END.size != len(raw) or length < _LISTED.size:
        return None
    mark, _, needed, flags, method, _, _, crc, packed, size, *rest = _LISTED.unpack_from(raw, start)
    name = raw[start + _LISTED.size : -_END.size]
    is_plain = (
        mark == b"PK\x01\x02"
        and needed <= _NEEDED
        and not flags & ~_FLAGS
        and rest == [len(name), 0, 0, 0, *rest[4:6], 0]
    )
    if not is_plain or not name.isascii() or b"PK" in name or size > min(_STORED_FROM, MAX_RATIO * packed):
        return None
    here = _ENTRY.unpack_from(raw)
    begin = _ENTRY.size + len(name) + here[-1]
    if here[-2] != len(name) or not raw.startswith(name, _ENTRY.size) or begin + packed > start:
        return None
    found = _unpacked(raw[begin : begin + packed], method, size)
    return found if found is not None and len(found) == size and zlib.crc32(found) == crc else None


def _unpacked(packed: bytes, method: int, size: int) -> bytes | None:
    if method == zipfile.ZIP_STORED:
        return packed
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(packed, size + 1)
    except zlib.error:
        return None
    return found if method == zipfile.ZIP_DEFLATED and stream.eof else None


def _holds_one_entry(raw: Content) -> bool:
    """By the record at a ZIP's end, before anything is made of a directory that may have millions of entries."""
    end = b"".join(raw.chunks(max(0, raw.size - _LONGEST_ZIP_END)))
    at = end.rfind(b"PK\x05\x06")
    if at < 0:
        # Nobody can open a ZIP without its end, be it the wrapping or the file: it was cut on its way.
        raise ValueError("it is, or is wrapped in, a ZIP that was cut: its end is missing")
    if int.from_bytes(end[at + 10 : at + 12], "little") != 1:
        return False
    if end[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        # It points to another record, of 64 bits, which would count in place of this one.
        raise ValueError("the ZIP around it is of the 64-bit kind, which no file of this size needs")
    if int.from_bytes(end[at + 12 : at + 16], "little") > _LONGEST_ZIP_END:
        raise ValueError("the ZIP around it is damaged: its directory is longer than one entry can be")
    return True


def _decoded(text: Iterable[bytes]) -> Iterator[bytes]:
    rest, ended = b"", False
    for chunk in _plain(text):
        if ended and chunk:
            raise ValueError("not base64: something follows its end")
        rest += chunk
        whole = len(rest) // 4 * 4
        part, rest = rest[:whole], rest[whole:]
        ended = part.endswith(b"=")
        yield _strictly(part)
    if rest:
        raise ValueError("not base64: its length is not a multiple of 4")


def _strictly(part: bytes) -> bytes:
    try:
        return binascii.a2b_base64(part, strict_mode=True) if part else b""
    except binascii.Error as exc:
        raise ValueError(f"not base64: {exc}") from exc


def _plain(text: Iterable[bytes]) -> Iterator[bytes]:
    """Without white space, also where a serializer wrote it as a character reference (`&#13;`)."""
    held = b""
    for chunk in text:
        joined = held + chunk
        at = joined.rfind(b"&", max(0, len(joined) - _LONGEST_REFERENCE))
        held = joined[at:] if at >= 0 and b";" not in joined[at:] else b""
        joined = joined[: len(joined) - len(held)]
        if b"&" in joined:
            joined = _REFERENCE.sub(b"", joined)
        yield joined.translate(None, _BLANKS)
    yield held


def _is_zip_itself(archive: zipfile.ZipFile, name: str) -> bool:
    """A .docx is a ZIP too: only a ZIP of exactly one entry that the name does not announce is a wrapping."""
    entries = archive.namelist()
    suffix = PurePosixPath(name.lower()).suffix
    if len(entries) == 1 and suffix not in _ZIP_FAMILY:
        return False
    # The real library wraps a .docx, too; then the one entry is not a part of a document but the document.
    return len(entries) != 1 or (suffix == ".zip" and PurePosixPath(entries[0].lower()).name != "content")


def _unwrapped(archive: zipfile.ZipFile) -> Content:
    try:
        entry = archive.infolist()[0]
        _check_entry(entry)
        with archive.open(entry) as packed:
            return _copied(packed, entry.file_size)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as exc:
        raise ValueError(f"the ZIP around it is damaged: {exc}") from exc


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 0x1:
        raise ValueError("the ZIP around it is encrypted")
    if entry.compress_type not in _METHODS:
        # Of the others, Python unpacks as much at a time as there is, whatever it was asked for.
        raise ValueError(
            f"the ZIP around it is packed by method {entry.compress_type}, not stored or deflated"
        )
    expected = MAX_RATIO * max(1, entry.compress_size) + 65_536
    if entry.file_size > MAX_FILE_BYTES or entry.file_size > expected:
        raise ValueError(
            f"the ZIP around it would unpack to {entry.file_size} bytes; that is refused as a zip bomb"
        )


def _copied(packed: IO[bytes], size: int) -> Content:
    chunks = iter(lambda: packed.read(CHUNK_BYTES), b"")
    try:
        return Content.of(chunks, max_bytes=size)
    except ValueError as exc:
        raise ValueError("the ZIP around it is longer than it says") from exc
