"""Waiting for what happens in another thread or process, and saying what did happen where it doesn't."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["TIMEOUT_S", "wait_for"]

T = TypeVar("T")
TIMEOUT_S = 10.0
LOOK_AGAIN_S = 0.02
SHOWN = 2000


def wait_for(
    look: Callable[[], T | None],
    what: str,
    *,
    timeout_s: float = TIMEOUT_S,
    otherwise: Callable[[], str] | None = None,
) -> T:
    """What `look` finds: it is called until that is true. `what` names it, `otherwise` says what there is instead.

    Raises:
        AssertionError: not within the time (real seconds); with what was found last, or the error that `look` raised.
    """
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout_s
    while True:
        failed: Exception | None = None
        found: T | None = None
        try:
            found = look()
        except Exception as exc:  # noqa: BLE001 - it may well fail until it is there; the last one is told
            failed = exc
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(_told(what, timeout_s, found, failed, otherwise)) from failed
        time.sleep(LOOK_AGAIN_S)


def _told(
    what: str, timeout_s: float, found: object, failed: Exception | None, otherwise: Callable[[], str] | None
) -> str:
    last = f"{type(failed).__name__}: {failed}" if failed is not None else repr(found)
    lines = [f"after {timeout_s:g} s still not there: {what}", f"found last: {last[:SHOWN]}"]
    return "\n".join([*lines, otherwise()] if otherwise is not None else lines)
