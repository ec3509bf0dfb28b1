"""Conformance of somebody's own endpoint: assertions, one subject, a verdict with evidence for each."""

from lgsp.conformance.model import Assertion, BrokenError, Level, Outcome, SkipError, Suite, Verdict
from lgsp.conformance.run import check
from lgsp.conformance.servers import SUITES

__all__ = ["SUITES", "Assertion", "BrokenError", "Level", "Outcome", "SkipError", "Suite", "Verdict", "check"]
