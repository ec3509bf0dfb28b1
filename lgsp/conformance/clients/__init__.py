"""Suites for connectors: the kit hosts the stand-in, the connector calls it, and its calls are judged."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from lgsp.conformance.clients.connector import Connector, Hooks
from lgsp.conformance.clients.host import check_connector
from lgsp.conformance.model import Suite

__all__ = ["CLIENT_SUITES", "Connector", "Hooks", "check_connector"]

_MODULES = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)]
_SUITES = [value for module in _MODULES for value in vars(module).values() if isinstance(value, Suite)]
CLIENT_SUITES: dict[str, Suite[Any]] = {suite.role: suite for suite in _SUITES}
"""By role; a module here that makes a `Suite` adds a role, one that asserts for it adds to it."""
