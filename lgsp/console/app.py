"""create_console: the pages as an ASGI application, to be mounted at /console."""

from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from lgsp.console.console import Console
from lgsp.console.headers import SafeHeaders
from lgsp.console.pages import ROUTES
from lgsp.errors import (
    BackpressureError,
    ChannelUnavailableError,
    InvalidMessageError,
    LgspError,
    NotFoundError,
)
from lgsp.gateway import GatewayServices

__all__ = ["create_console"]

log = structlog.get_logger()
_PHRASES = frozenset(status.phrase for status in HTTPStatus)
_STATUS: tuple[tuple[type[LgspError], int], ...] = (
    (NotFoundError, 404),
    (InvalidMessageError, 422),
    (BackpressureError, 429),
    (ChannelUnavailableError, 503),
)


def create_console(services: GatewayServices) -> Starlette:
    """The pages over the ports that the gateway has."""
    console = Console(services)

    async def failed(request: Request, error: Exception) -> Response:
        """An error as a page, in the reader's language."""
        status = _status_of(error)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("console.bug", path=request.url.path, exc_info=error)
        detail = str(error.detail) if isinstance(error, HTTPException) else console.said(request, error)
        # An error that does not speak the reader's language has words by its code, and its own words beside them.
        lang = console.texts_of(request).lang
        wordless = isinstance(error, LgspError) and lang == "vi" and not error.message_vi
        return console.page(
            request,
            "error.html",
            status=status,
            error_status=status,
            cause=error.code if wordless and isinstance(error, LgspError) else "",
            detail="" if status == HTTPStatus.INTERNAL_SERVER_ERROR or detail in _PHRASES else detail,
        )

    app = Starlette(
        routes=[
            *(route for routes in ROUTES for route in routes(console)),
            Mount("/static", StaticFiles(packages=[("lgsp.console", "static")]), name="static"),
        ],
        exception_handlers={LgspError: failed, HTTPException: failed, Exception: failed},
    )
    app.add_middleware(SafeHeaders)
    return app


def _status_of(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if not isinstance(error, LgspError):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY)
