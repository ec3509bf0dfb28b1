"""The HTTP face of the bus."""

from lgsp.gateway.app import create_gateway
from lgsp.gateway.ports import GatewayServices, History, Publisher
from lgsp.gateway.stand_ins import StandIns

__all__ = [
    "GatewayServices",
    "History",
    "Publisher",
    "StandIns",
    "create_gateway",
]
