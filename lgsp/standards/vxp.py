"""Header signing of the VXP wire (the national document axis), for both sides, with the quirks of the real client.

Source: a recording of the real client. Every parameter travels as `XroadVnpt-<name>`; `sign-header` is a JSON object of the signed
ones in the order of `sign-header-key`, and `hash-header` is the HMAC-SHA256 of that very string under the system's secret.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import msgspec
from pydantic_core import from_json

from lgsp.clock import VIETNAM
from lgsp.standards.content import Content

__all__ = [
    "ErrorCode",
    "FileDigest",
    "Parameters",
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
_SYSTEM, _SIGNED, _KEYS, _HASH = "systemid", "sign-header", "sign-header-key", "hash-header"


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
    signed = msgspec.json.encode(named).decode()
    return {
        **named,
        PREFIX + "sign-header-key": ";".join(parameters),
        PREFIX + "sign-header": signed,
        PREFIX + "hash-header": _mac(signed, secret),
        PREFIX + "version": VERSION,
        "User-Agent": USER_AGENT,
    }


class Parameters:
    """What a request says in its headers, read once, by ASGI's pairs; of a header that came twice the first counts."""

    __slots__ = ("_sent",)

    def __init__(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._sent = dict(reversed(headers))

    def __getitem__(self, name: str) -> str:
        """Empty where absent. The spelling varies (`docId`, `docid`), which is evened out."""
        return _text(self._sent.get(_header(name), b""))

    def are_signed(self, secret_of: Callable[[str], str | None]) -> bool:
        """`verify` of them; from then on only the signed ones are there, since anybody on the way can add others."""
        secret, signed = secret_of(self[_SYSTEM]), self[_SIGNED]  # as text: UTF-8 is what was signed
        if secret is None or not signed or len(signed) > MAX_SIGNED_BYTES:
            return False
        if not _same(_mac(signed, secret), self[_HASH]):
            return False
        try:
            claimed = from_json(signed)
            return isinstance(claimed, dict) and f"{PREFIX}systemid" in claimed and self._are(claimed)
        except ValueError:  # no JSON
            return False

    def _are(self, claimed: Mapping[str, object]) -> bool:
        names, headers = _listed(self[_KEYS])
        if names != tuple(claimed):
            return False
        kept: dict[bytes, bytes] = {}
        for header, value in zip(headers, claimed.values(), strict=True):
            came = self._sent.get(header)
            if came is None or _text(came) != value:
                return False
            kept[header] = came
        self._sent = kept
        return True


def verify(headers: Mapping[str, str], secret_of: Callable[[str], str | None]) -> bool:
    """Whether the request was signed by the system that it names, and no signed header was changed on the way.

    The time stamp is not checked for freshness: the real client sets it once per object.
    """
    pairs = [(name.lower().encode("latin-1"), _sent(value)) for name, value in headers.items()]
    return Parameters(pairs).are_signed(secret_of)


def parameter(headers: Mapping[str, str], name: str) -> str:
    """A parameter of the request, as `Parameters` have it; `headers` must look names up without regard to case."""
    return _text(_sent(headers.get(PREFIX + name) or ""))


def _sent(value: str) -> bytes:
    # Who hands them over read them as Latin-1, as HTTP has it; httpx as UTF-8 where it could.
    try:
        return value.encode("latin-1")
    except UnicodeError:
        return value.encode("utf-8", "replace")


@lru_cache(256)
def _header(name: str) -> bytes:
    return (PREFIX + name).lower().encode()


@lru_cache(256)
def _listed(keys: str) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """The names that `sign-header-key` lists, as `sign-header` has them, and their headers."""
    names = keys.split(";")
    return tuple([PREFIX + name for name in names]), tuple([_header(name) for name in names])


def _text(value: bytes) -> str:
    # Header values beyond ASCII (all that was recorded) are taken as UTF-8 where they can be.
    try:
        return value.decode()
    except UnicodeError:
        return value.decode("latin-1")


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
    at = moment.astimezone(VIETNAM)
    # By hand: strftime takes three times as long.
    day = f"{at.day:02}{at.month:02}{at.year:04}"
    return f"{day}T{at.hour:02}{at.minute:02}{at.second:02}+{at.microsecond // 1000:04}"
