"""Every page: a module here with `routes(console)`, listed below."""

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from lgsp.console.console import Console
from lgsp.console.pages import (
    dead,
    flow,
    home,
    indicators,
    lab,
    lab_tools,
    message,
    messages,
    reconcile,
    schemas,
    streams,
    systems,
    thing,
)

__all__ = ["ROUTES"]

ROUTES: tuple[Callable[[Console], Sequence[BaseRoute]], ...] = (
    flow.routes,
    home.routes,
    messages.routes,
    message.routes,
    dead.routes,
    thing.routes,
    reconcile.routes,
    lab.routes,
    lab_tools.routes,
    indicators.routes,
    schemas.routes,
    streams.routes,
    systems.routes,
)
