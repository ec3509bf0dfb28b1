"""A province's year: deterministic traffic on virtual time, through a bus of its own."""

from lgsp.simulate.plan import Plan, Tally, deeds
from lgsp.simulate.sinks import Progress, SinksReport, through_sinks

__all__ = ["Plan", "Progress", "SinksReport", "Tally", "deeds", "through_sinks"]
