"""Time, real or virtual, and the working days of a Vietnamese office. The only room that reads the wall clock."""

from lgsp.clock.change import ClockChange, check_duration, later, parse_moment
from lgsp.clock.clocks import VIETNAM, Clock, SystemClock, VirtualClock, wire_stamp
from lgsp.clock.steerable import SteerableClock, clock_view
from lgsp.clock.work_calendar import WorkCalendar

__all__ = [
    "VIETNAM",
    "Clock",
    "ClockChange",
    "SteerableClock",
    "SystemClock",
    "VirtualClock",
    "WorkCalendar",
    "check_duration",
    "clock_view",
    "later",
    "parse_moment",
    "wire_stamp",
]
