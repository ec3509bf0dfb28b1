"""Suites for connectors: the kit hosts the stand-in, the connector calls it, and its calls are judged."""

from typing import Any

from lgsp.conformance.clients import axis_sending, axis_troubles
from lgsp.conformance.clients.axis import AXIS_CLIENT
from lgsp.conformance.clients.host import Hooks, check_connector
from lgsp.conformance.model import Suite

__all__ = ["CLIENT_SUITES", "Hooks", "check_connector"]

_ = (axis_sending, axis_troubles)
CLIENT_SUITES: dict[str, Suite[Any]] = {suite.role: suite for suite in (AXIS_CLIENT,)}
