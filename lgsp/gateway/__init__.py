"""The HTTP face of the bus."""

from lgsp.gateway.app import create_gateway
from lgsp.gateway.ports import DeadLetterDesk, GatewayServices, History, Publisher

__all__ = ["DeadLetterDesk", "GatewayServices", "History", "Publisher", "create_gateway"]
