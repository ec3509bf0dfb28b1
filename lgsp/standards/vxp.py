"""Header signing of the VXP wire (the national document axis), for both sides, with the quirks of the real client.

Source: a recording of the real client. Every parameter travels as `XroadVnpt-<name>`; `sign-header` is a JSON object of the signed
ones in the order of `sign-header-key`, and `hash-header` is the HMAC-SHA256 of that very string under the system's secret.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from pydantic_core import from_json

from lgsp.clock import VIETNAM
from lgsp.standards.content import Content

__all__ = [
    "ErrorCode",
    "FileDigest",
    "file_hash",
    "file_hash_matches",
    "parameter",
    "sign",
    "timestamp",
    "verify",
]

PREFIX = "XroadVnpt-"
VERSION = "3.0.201608"
USER_AGENT = "JAVASDKAgent/1.0.0 XRoad/VPCP"
MAX_SIGNED_BYTES = 16_384
_HEX = tuple(f"{byte:x}" for byte in range(256))
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SYSTEM, _SIGNED, _HASH = (f"{PREFIX}{name}".lower() for name in ("systemid", "sign-header", "hash-header"))


class ErrorCode(StrEnum):
    """ErrorCode of the answers; the numbers are those of the provincial axes' dialect, used on both (assumed for the national axis)."""

    OK = "0"
    BAD_FILE = "10"
    BAD_CREDENTIALS = "15"
    UNKNOWN_RECEIVER = "18"
    UNKNOWN_SENDER = "19"
    SYSTEM = "20"
    FILE_PROCESSING = "21"
    BAD_EDXML = "22"
    RECEIVER_LOCKED = "23"

    @property
    def text(self) -> str:
        """ErrorDesc."""
        return _TEXTS[self]


_TEXTS = {
    ErrorCode.OK: "Thành công",
    ErrorCode.BAD_FILE: "File không hợp lệ",
    ErrorCode.BAD_CREDENTIALS: "Sai SystemId hoặc SecretKey",
    ErrorCode.UNKNOWN_RECEIVER: "Đơn vị nhận không tồn tại",
    ErrorCode.UNKNOWN_SENDER: "Đơn vị gửi chưa đăng ký",
    ErrorCode.SYSTEM: "Lỗi hệ thống",
    ErrorCode.FILE_PROCESSING: "Lỗi xử lý file",
    ErrorCode.BAD_EDXML: "Sai định dạng edXML",
    ErrorCode.RECEIVER_LOCKED: "Đơn vị nhận đã khóa",
}


def sign(parameters: Mapping[str, str], secret: str) -> dict[str, str]:
    """The wire's headers for these parameters (`systemid`, `timestamp`, `Content-Type` …), signed in their order."""
    named = {PREFIX + name: value for name, value in parameters.items()}
    signed = _written(named)
    return {
        **named,
        PREFIX + "sign-header-key": ";".join(parameters),
        PREFIX + "sign-header": signed,
        PREFIX + "hash-header": _mac(signed, secret),
        PREFIX + "version": VERSION,
        "User-Agent": USER_AGENT,
    }


def verify(headers: Mapping[str, str], secret_of: Callable[[str], str | None]) -> bool:
    """Whether the request was signed by the system that it names, and no signed header was changed on the way.

    `headers` must look names up without regard to case, as Starlette's do. The time stamp is not checked for freshness: the real
    client sets it once per object.
    """
    # Once: Starlette's headers are a list that is searched from its beginning; of one that came twice the first counts.
    sent = {name.lower(): value for name, value in reversed(list(headers.items()))}
    secret = secret_of(_text(sent.get(_SYSTEM, "")))
    signed = _text(sent.get(_SIGNED, ""))  # as text: UTF-8 is what was signed
    if secret is None or not signed or len(signed) > MAX_SIGNED_BYTES:
        return False
    if not _same(_mac(signed, secret), _text(sent.get(_HASH, ""))):
        return False
    try:
        claimed = from_json(signed)
        if not isinstance(claimed, dict) or f"{PREFIX}systemid" not in claimed:
            return False
        found = ((sent.get(name.lower()), value) for name, value in claimed.items())
        return all(came is not None and _text(came) == value for came, value in found)
    except ValueError:  # no JSON, or a name that no header can have
        return False


def parameter(headers: Mapping[str, str], name: str) -> str:
    """A parameter of the request; empty where absent. The spelling varies (`docId`, `docid`), which the mapping evens out."""
    return _text(headers.get(PREFIX + name) or "")


def _text(value: str) -> str:
    # Header values reach us as Latin-1; beyond ASCII (all that was recorded) they are taken as UTF-8 where they can be.
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _mac(text: str, secret: str) -> str:
    mac = _begun(secret).copy()
    mac.update(text.encode())
    return mac.hexdigest()


@lru_cache(64)
def _begun(secret: str) -> hmac.HMAC:
    # To begin with the secret takes longer than all of so short a text.
    return hmac.new(secret.encode(), digestmod="sha256")


def _same(computed: str, claimed: str) -> bool:
    return hmac.compare_digest(computed.encode(), claimed.lower().encode("utf-8", "replace"))


def file_hash(raw: bytes | Content) -> str:
    """SHA-256 in hex as the real client writes it: each byte without its leading zero."""
    return _unpadded(bytes.fromhex(raw.sha256) if isinstance(raw, Content) else hashlib.sha256(raw).digest())


def file_hash_matches(raw: bytes, claimed: str) -> bool:
    """Whether the hash fits, in the real client's spelling or the proper one, with or without the line break that the client appends."""
    digest = FileDigest()
    digest.update(raw)
    return digest.file_size(claimed) is not None


class FileDigest:
    """`file_hash_matches` over a stream: give it each chunk, then ask."""

    def __init__(self) -> None:
        self._head = hashlib.sha256()
        self._tail = b""
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        self.size += len(chunk)
        ready = max(0, len(self._tail) + len(chunk) - 2)
        self._head.update(self._tail[:ready])
        self._head.update(memoryview(chunk)[: max(0, ready - len(self._tail))])
        self._tail = (self._tail + chunk[-2:])[-2:]

    def file_size(self, claimed: str) -> int | None:
        """How many bytes of the body are the file of this hash: all, all but the client's line break, or None if neither fits."""
        whole = self._head.copy()
        whole.update(self._tail)
        if _fits(whole.digest(), claimed):
            return self.size
        if self._tail == b"\r\n" and _fits(self._head.digest(), claimed):
            return self.size - 2
        return None


def _fits(digest: bytes, claimed: str) -> bool:
    return _same(_unpadded(digest), claimed) or _same(digest.hex(), claimed)


def _unpadded(digest: bytes) -> str:
    return "".join([_HEX[byte] for byte in digest])


def timestamp(moment: datetime) -> str:
    """`ddMMyyyy'T'HHmmss+SSSS`, where SSSS are the milliseconds: `23112026T214554+0252`."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%d%m%YT%H%M%S}+{local.microsecond // 1000:04d}"
