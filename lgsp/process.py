"""How a process of ours runs: its event loop, its memory, its log."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

import structlog

__all__ = ["configure_log", "give_way", "run"]

_YOUNG = 50_000
_NICE = 10


def run(work: Coroutine[object, object, int]) -> int:
    """Run to the end, on the faster event loop where there is one (not on Windows)."""
    # Messages in hand are many objects and no cycles: looking for those every 700 objects took a tenth of the time.
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
    factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def give_way(pid: int = 0) -> None:
    """Let the others have the processor first, where the system knows such a thing: nobody waits for this process, or that one."""
    if hasattr(os, "setpriority"):
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, pid, _NICE)


def configure_log(level: str) -> None:
    """One JSON line per event on standard error; tracebacks without local variables, which may be personal data."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # The standard error of the moment: who replaces it (a test does) may close it afterwards.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
