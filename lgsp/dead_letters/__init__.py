"""Dead letters as a person works with them: list, group, show, edit, and replay or discard one, a group, or all that fit a filter."""

from lgsp.dead_letters.desk import DeadLetters, DeadPage, Surroundings
from lgsp.dead_letters.forecast import DryRun, Forecast, has_delivered
from lgsp.dead_letters.groups import DeadFilter, DeadGroup, fingerprint
from lgsp.dead_letters.runner import TaskRunner
from lgsp.dead_letters.tasks import MAX_NAMED, Action, Order, Problem, Task, TaskEndedError, TaskState

__all__ = [
    "MAX_NAMED",
    "Action",
    "DeadFilter",
    "DeadGroup",
    "DeadLetters",
    "DeadPage",
    "DryRun",
    "Forecast",
    "Order",
    "Problem",
    "Surroundings",
    "Task",
    "TaskEndedError",
    "TaskRunner",
    "TaskState",
    "fingerprint",
    "has_delivered",
]
