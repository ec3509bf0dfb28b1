"""What may be kept of an exchange: without credentials, without the attachments' bytes, and not too long."""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache

from lgsp.wirelog.exchange import Body

__all__ = ["CREDENTIAL_FIELD", "MOST_BODY", "clean_body", "clean_headers", "clean_url"]

MOST_BODY = 256 * 1024
"""Bytes of a cleaned body that are kept."""

CREDENTIAL_FIELD = (
    r"password|passwd|matkhau|secret|token$|^jwt|apikey|accesskey|^sessions?(id)?$|sessionid|^otp$|^pin$"
)
"""Names of fields that hold a credential, in lower case without marks and signs."""

MASK = "***"
_SECRET = re.compile(CREDENTIAL_FIELD)
# A hash over the headers proves who called; with the signed text beside it, it could be tried against guessed secrets.
_HEADERS = re.compile(
    r"authorization|cookie|^hash-?header|hash-?header$|api-?key|secret|token|password", re.IGNORECASE
)
_NAME = r"[\w.:-]{1,64}"
_JSON = re.compile(rf'("({_NAME})"\s*:\s*)"((?:[^"\\]|\\.){{0,65536}}+)"')
_KEY = re.compile(rf'"({_NAME})"\s*:')
_OPENING = re.compile(rf"<({_NAME})")
_FORM = re.compile(rf"(^|[&?])({_NAME})=([^&#\s]*)")
_XML = re.compile(rf"(<({_NAME})(?:\s[^<>]{{0,512}})?>)([^<>]{{1,4096}})(?=</)")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]|\\/|\r?\n|\\r|\\n){512,}={0,2}")
_BOUNDARY = re.compile(rb"[A-Za-z0-9+/]")


def clean_headers(headers: Iterable[tuple[str, str]]) -> str:
    """As JSON: [[name, value], …], credentials masked."""
    return json.dumps(
        [[name, MASK if _is_secret_header(name) else value[:4096]] for name, value in headers],
        ensure_ascii=False,
    )


@lru_cache(maxsize=1024)
def _is_secret_header(name: str) -> bool:
    return bool(_HEADERS.search(name))


def clean_url(url: str) -> str:
    """With masked credentials in its query and its authority."""
    url = re.sub(r"(?<=//)[^/@\s]+@", f"{MASK}@", url[:4096])
    return _FORM.sub(_mask_form, url)


def clean_body(body: Body) -> str:
    """As text: long base64 as its length and SHA-256, credentials masked, at most `MOST_BODY`."""
    raw = bytes(body.kept)
    whole = len(raw) == body.size
    if _is_binary(raw):
        digest = f", sha-256 {hashlib.sha256(raw).hexdigest()}" if whole else ""
        return f"[{body.size} bytes that are not text{digest}]"
    text = _BASE64.sub(lambda found: _elided(found, len(raw), whole=whole), raw).decode(errors="replace")
    # Most bodies name no credential; to see that costs a tenth of looking at each value.
    if any(map(_is_secret, set(_KEY.findall(text)))):
        text = _JSON.sub(_mask_json, text)
    if any(map(_is_secret, set(_OPENING.findall(text)))):
        text = _XML.sub(_mask_xml, text)
    if not text.lstrip().startswith(("{", "[", "<")):
        text = _FORM.sub(_mask_form, text)
    return text if len(text) <= MOST_BODY else text[:MOST_BODY]


def _is_binary(raw: bytes) -> bool:
    return b"\0" in raw[:4096] or raw.startswith((b"%PDF", b"PK\x03\x04", b"\x1f\x8b"))


def _elided(found: re.Match[bytes], length: int, *, whole: bool) -> bytes:
    run = found.group()
    encoded = re.sub(rb"\\/", b"/", re.sub(rb"[\r\n]|\\[rn]", b"", run))
    if len(set(encoded[:512])) < 8:  # a long line of dashes or zeros is none
        return run
    if not whole and found.end() == length:
        return b"[base64, goes on]"
    digest = hashlib.sha256(encoded).hexdigest()
    return f"[base64: {len(encoded)} characters, sha-256 of them {digest}]".encode()


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(re.sub(r"[^a-z0-9]", "", name.lower())))


def _mask_json(found: re.Match[str]) -> str:
    return f'{found.group(1)}"{MASK}"' if found.group(3) and _is_secret(found.group(2)) else found.group()


def _mask_form(found: re.Match[str]) -> str:
    return f"{found.group(1)}{found.group(2)}={MASK}" if _is_secret(found.group(2)) else found.group()


def _mask_xml(found: re.Match[str]) -> str:
    return found.group(1) + MASK if _is_secret(found.group(2)) else found.group()
