"""For an integrator's own suite: a running LGSP, or parts of it, and small clients that say what there was to see.

pytest has it as fixtures (`lgsp.pytest_plugin`); anything else enters `World`.
"""

from lgsp.testing.bus import Bus
from lgsp.testing.clock import WorldClock
from lgsp.testing.conversation import Conversation
from lgsp.testing.seen import Seen
from lgsp.testing.standin import Expected, FaultOn, StandIn, attachment
from lgsp.testing.waiting import wait_for
from lgsp.testing.world import STAND_INS, Options, World

__all__ = [
    "STAND_INS",
    "Bus",
    "Conversation",
    "Expected",
    "FaultOn",
    "Options",
    "Seen",
    "StandIn",
    "World",
    "WorldClock",
    "attachment",
    "wait_for",
]
