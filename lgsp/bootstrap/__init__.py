"""Composition root: settings -> a running system. The only place that names concrete classes; no I/O at import."""

from lgsp.bootstrap.running import PARTS, running
from lgsp.bootstrap.system import Overrides, Running

__all__ = ["PARTS", "Overrides", "Running", "running"]
