"""Numbers that nobody has used before, so that a suite can be run again against the same server."""

from lgsp.clock import SystemClock
from lgsp.standards import identifiers

__all__ = ["dossier_code"]


def dossier_code(unit: str) -> str:
    """`{unit}-{yyMMdd}-{number}`, drawn from the days of this and the four years before: 17 million of a unit."""
    drawn, number = divmod(int(identifiers.new_id().replace("-", "")[-12:], 16), 9_999)
    year = SystemClock().now().year % 100 - drawn // 336 % 5
    return f"{unit}-{year:02}{1 + drawn // 28 % 12:02}{1 + drawn % 28:02}-{number + 1:04}"
