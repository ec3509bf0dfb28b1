"""Measure this machine: the bus, beside what its server could do at most."""

from lgsp.bench.load import MOST_BYTES, SMALL_BYTES
from lgsp.bench.measure import Figures, Size, measure

__all__ = ["MOST_BYTES", "SMALL_BYTES", "Figures", "Size", "measure"]
