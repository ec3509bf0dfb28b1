"""Suites for endpoints: the kit is the client."""

from typing import Any

from lgsp.conformance.model import Suite
from lgsp.conformance.servers import axis_inbox, axis_packets, portal_dossiers
from lgsp.conformance.servers.axis import AXIS
from lgsp.conformance.servers.igate import IGATE
from lgsp.conformance.servers.ioffice import IOFFICE
from lgsp.conformance.servers.portal import PORTAL

__all__ = ["SUITES"]

_ = (axis_inbox, axis_packets, portal_dossiers)  # their assertions are in the suites once they are imported
SUITES: dict[str, Suite[Any]] = {suite.role: suite for suite in (AXIS, PORTAL, IGATE, IOFFICE)}
"""By role. Each suite has a subject of its own type, hence Any."""
