"""Which systems get a message, and why (content-based router with recipient lists; pure)."""

from lgsp.routing.conditions import Condition, pointer_value
from lgsp.routing.router import Recipient, Route, RouteExplanation, Router, RoutingDecision
from lgsp.routing.tables import place_of, read_routes

__all__ = [
    "Condition",
    "Recipient",
    "Route",
    "RouteExplanation",
    "Router",
    "RoutingDecision",
    "place_of",
    "pointer_value",
    "read_routes",
]
