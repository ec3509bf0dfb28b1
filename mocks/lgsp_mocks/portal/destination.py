"""Where a call through an adapter is meant to go: `dstcode` (header or query) and `providerurl` (query)."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

from lgsp_mocks.portal.reply import FAILED, WireError

__all__ = ["PORTAL_CODE", "PREFIXES", "check_destination"]

PREFIXES = ("", "/XrdAdapter/RestService/forward", "/VXPAdapter/RestService/forward")
PORTAL_CODE = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
ELSEWHERE = ("apigiaytocanhan.dichvucong.gov.vn",)
"""Providers that the real adapter reaches and that no stand-in is there for."""

_UNIT = r"[0-9]{3}(\.[0-9]{2}){2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(\.[0-9]{1,3}){0,3}"
_DESTINATION = re.compile(rf"VN:(GOV:({_UNIT})|COM:[0-9]{{10}}(-[0-9]{{3}})?):[A-Za-z0-9_.-]+")
_TO_THE_PORTAL = re.compile(r"VN:GOV:(000\.00\.00\.)?G22:vpcpdvcprovider")


def check_destination(request: Request) -> None:
    """Behind a forward path, `dstcode` must lead here where it is given; without one, only its grammar counts.

    Raises:
        WireError: it leads nowhere, or to another provider.
    """
    asked = request.query_params if request.scope["query_string"] else {}
    header, query = request.headers.get("dstcode"), asked.get("dstcode")
    if header is not None and query is not None and header != query:
        raise WireError(FAILED, f"dstcode ở header ({header}) khác với ở query ({query})")
    given = header if header is not None else query
    if given is not None:
        _check_code(given, forwarded="/RestService/forward/" in request.scope["path"])
    _check_provider(asked.get("providerurl"))


def _check_code(code: str, *, forwarded: bool) -> None:
    if code == PORTAL_CODE:
        return
    if not _DESTINATION.fullmatch(code):
        raise WireError(
            FAILED,
            f"dstcode không hợp lệ: {code}; cần VN:GOV:<mã định danh>:<hệ thống> hoặc VN:COM:<mã số thuế>:<hệ thống>",
        )
    if forwarded and not _TO_THE_PORTAL.fullmatch(code):
        raise WireError(FAILED, f"không có nhà cung cấp {code} / no provider {code} here; {PORTAL_CODE}")


def _check_provider(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host:
        raise WireError(FAILED, f"providerurl không hợp lệ: {url} / must be an http(s) address")
    if host in ELSEWHERE:
        raise WireError(FAILED, f"không có nhà cung cấp {host} / no stand-in for {host} here")
