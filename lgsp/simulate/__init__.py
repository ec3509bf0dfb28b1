"""A province's year: deterministic traffic on virtual time, through a bus of its own."""

from lgsp.simulate.plan import Plan, Tally, deeds
from lgsp.simulate.sinks import Progress, SinksReport, through_sinks
from lgsp.simulate.systems import SystemsReport, through_systems

__all__ = [
    "Plan",
    "Progress",
    "SinksReport",
    "SystemsReport",
    "Tally",
    "deeds",
    "through_sinks",
    "through_systems",
]
