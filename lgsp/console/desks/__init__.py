"""The stand-ins as their own users see them: what they hold, and what may be done there."""

from lgsp.console.desks.acts import ACTS, Act, Place, TooLargeError, body_of
from lgsp.console.desks.differences import KnownDifference, differences
from lgsp.console.desks.holdings import Holding, Line, holdings

__all__ = [
    "ACTS",
    "Act",
    "Holding",
    "KnownDifference",
    "Line",
    "Place",
    "TooLargeError",
    "body_of",
    "differences",
    "holdings",
]
