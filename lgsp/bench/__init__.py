"""Measure this machine: the bus, beside what its server could do at most."""

from lgsp.bench.measure import Figures, Size, measure

__all__ = ["Figures", "Size", "measure"]
