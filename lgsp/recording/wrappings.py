"""Personal data that is wrapped: in base64, hex, an address's query, percent signs, character references, or a field within a text.

A text is cut at what could be unwrapped and had something in it; what lies between is one text to the finder, so nothing invented is
taken for a find.
"""

import base64
import binascii
import gzip
import html
import re
import zlib
from collections.abc import Callable
from urllib.parse import quote, unquote

from lgsp.recording.fields import kind_of_field

__all__ = ["Inner", "Text", "encoded_words", "free", "gunzip"]

Text = Callable[[str, str | None], str]
"""What to make of a text, given the kind of its field."""
Inner = Callable[[str], str]
"""What to make of a text that was wrapped in another: JSON, XML, or anything."""
MOST_UNPACKED = 20 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_RUN = r"[^\s\"'<>=&;,/?()]"
_PIECES = re.compile(
    r"(?P<jwt>\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*)"
    r"|\"(?P<key>[^\"\\\n]{1,60})\"\s*:\s*(?P<quoted>\"(?:[^\"\\]|\\.)*\"|\d{6,})"
    r"|<(?:[\w-]+:)?(?P<tag>[\w-]{1,60})>(?P<inside>[^<>]{1,500})</"
    r"|\?(?P<query>[^\s\"'<>#?]+=[^\s\"'<>#]*)"
    rf"|(?<!{_RUN})(?P<percent>{_RUN}*%[0-9A-Fa-f]{{2}}{_RUN}*)"
    r"|(?<![0-9A-Za-z])(?P<hex>(?:[0-9a-fA-F]{2}){8,})(?![0-9A-Za-z])"
    r"|(?<![A-Za-z0-9+/_-])(?P<base64>[A-Za-z0-9+/_-]{10,}={0,2})"
)
_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{1,7};|&[A-Za-z]{2,10};|\\u[0-9a-fA-F]{4}")
_WORD = re.compile(r"=\?([\w-]{1,40})\?([BbQq])\?([^?\s]{0,4000})\?=")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def free(value: str, text: Text, inner: Inner, query: Inner) -> str:
    """A text of no kind, with what is wrapped in it cleaned in its wrapping."""
    plain = _REFERENCE.sub(_spelt_out, value)
    found: list[str] = []
    rest = place = 0
    while (piece := _PIECES.search(plain, place)) is not None:
        start, end, cleaned = _unwrapped(piece, text, inner, query)
        place = end
        if cleaned is not None:
            found += [text(plain[rest:start], None), cleaned]
            rest = end
    found.append(text(plain[rest:], None))
    joined = "".join(found)
    return value if joined == plain else joined


def _unwrapped(piece: re.Match[str], text: Text, inner: Inner, query: Inner) -> tuple[int, int, str | None]:
    """Where it stands, and what to put there; None: nothing was in it. The search goes on behind it."""
    if piece["key"] is not None:
        kind = kind_of_field(piece["key"])
        held = piece["quoted"]
        if kind is None:
            return piece.start(), piece.end("key") + 1, None
        marks = held[0] == '"'
        replaced = text(held.strip('"') if marks else held, kind)
        return *piece.span("quoted"), f'"{replaced}"' if marks else replaced
    if piece["tag"] is not None:
        kind = kind_of_field(piece["tag"])
        if kind is None:
            return piece.start(), piece.end("tag"), None
        return *piece.span("inside"), text(piece["inside"], kind)
    name = str(piece.lastgroup)
    held = piece[name]
    cleaned = None if name == "jwt" else _UNWRAP[name](held, query if name == "query" else inner)
    return *piece.span(name), None if cleaned == held else cleaned


def _percent(held: str, inner: Inner) -> str | None:
    bare = unquote(held)
    cleaned = inner(bare)
    return None if cleaned == bare else quote(cleaned, safe="/:@!$*,;~+")


def _hex(held: str, inner: Inner) -> str | None:
    bare = _text(bytes.fromhex(held))
    cleaned = inner(bare) if bare else bare
    return None if cleaned == bare or cleaned is None else cleaned.encode().hex()


def _base64(held: str, inner: Inner) -> str | None:
    whole = _base64_of(held, inner)
    if whole is not None or "/" not in held:
        return whole
    parts = [_base64_of(part, inner) for part in held.split("/")]  # a path, with base64 in one of its parts
    if not any(parts):
        return None
    return "/".join(new or old for new, old in zip(parts, held.split("/"), strict=True))


def _base64_of(held: str, inner: Inner) -> str | None:
    bare = held.rstrip("=")
    try:
        raw = base64.b64decode(
            bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        return None
    is_packed = raw.startswith(_GZIP)
    text = _text(gunzip(raw) or b"") if is_packed else _text(raw)
    cleaned = inner(text) if text else text
    if cleaned == text or cleaned is None:
        return None
    content = gzip.compress(cleaned.encode(), mtime=0) if is_packed else cleaned.encode()
    packed = base64.b64encode(content).decode()
    if "-" in held or "_" in held:
        packed = packed.replace("+", "-").replace("/", "_")
    return packed if held.endswith("=") or len(held) % 4 == 0 else packed.rstrip("=")


_UNWRAP: dict[str, Callable[[str, Inner], str | None]] = {
    "percent": _percent, "hex": _hex, "base64": _base64, "query": lambda held, query: query(held),
}  # fmt: skip


def encoded_words(value: str, inner: Inner) -> str:
    """A header's value, with what RFC 2047 wraps, or what is UTF-8 there, cleaned."""

    def word(found: re.Match[str]) -> str:
        packed = found[3]
        try:
            is_base64 = found[2] in "Bb"
            raw = base64.b64decode(packed) if is_base64 else binascii.a2b_qp(packed.encode(), header=True)
            bare = raw.decode(found[1])
        except (binascii.Error, LookupError, ValueError):
            return "=?UTF-8?B??="
        cleaned = inner(bare)
        return found[0] if cleaned == bare else f"=?UTF-8?B?{base64.b64encode(cleaned.encode()).decode()}?="

    value = _WORD.sub(word, value)
    try:
        bare = value.encode("latin-1").decode()
    except UnicodeError:
        return inner(value)
    cleaned = inner(bare)
    return value if cleaned == bare else cleaned.encode().decode("latin-1")


def gunzip(raw: bytes) -> bytes | None:
    """What gzip holds; None: it is no gzip, or more than a recording takes."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(raw, MOST_UNPACKED)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else found


def _text(raw: bytes) -> str:
    """As text; empty where it is none."""
    try:
        found = raw.decode()
    except UnicodeDecodeError:
        return ""
    return "" if _CONTROL.search(found) else found


def _spelt_out(found: re.Match[str]) -> str:
    written = found[0]
    letter = chr(int(written[2:], 16)) if written[0] == "\\" else html.unescape(written)
    keeps = len(letter) != 1 or letter in "<>&\"'\\" or not letter.isprintable()
    return written if keeps else letter
