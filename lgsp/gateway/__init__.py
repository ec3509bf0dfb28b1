"""The HTTP face of the bus."""

from lgsp.gateway.app import create_gateway
from lgsp.gateway.ports import GatewayServices, History, Publisher

__all__ = ["GatewayServices", "History", "Publisher", "create_gateway"]
