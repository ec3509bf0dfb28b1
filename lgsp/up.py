"""`lgsp up`: run until told to stop; the signals, the log and what is printed."""

import asyncio
import gc
import json
import signal
from collections.abc import Coroutine

from lgsp.bootstrap import Overrides, Running, running
from lgsp.process import configure_log, run
from lgsp.settings import Settings

__all__ = ["calm_collector", "configure_log", "ready_line", "run", "run_up", "until_signal"]


def run_up(settings: Settings, *, only: frozenset[str] | None, json_output: bool) -> int:
    """Run the parts until SIGINT or SIGTERM; what is in hand is finished first."""
    configure_log(settings.log_level)
    return run(_up(settings, only, json_output=json_output))


async def _up(settings: Settings, only: frozenset[str] | None, *, json_output: bool) -> int:
    async def wait(system: Running) -> int:
        calm_collector()
        print(ready_line(system, json_output=json_output), flush=True)  # noqa: T201 - the command's output
        await asyncio.Event().wait()
        return 0

    async with running(settings, only=only, overrides=Overrides(tap_apart=True)) as system:
        return await until_signal(wait(system))


def calm_collector() -> None:
    """Look for cycles in new objects only, and every 50,000 of them: by default that takes a third of a gateway's CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def until_signal(work: Coroutine[object, object, int]) -> int:
    """The result of `work`, or 0 when a signal to stop comes first; a second signal is not needed and does nothing."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else 0
    finally:
        for pending in (task, stopped):
            pending.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def ready_line(system: Running, *, json_output: bool) -> str:
    """What is in use: one JSON line for scripts, or lines for a person."""
    if json_output:
        return json.dumps({"ready": True, "urls": dict(system.urls)})
    lines = [f"  {name:<8} {url}" for name, url in system.urls.items()]
    return "\n".join(["LGSP đã sẵn sàng · ready (Ctrl+C để dừng · to stop)", *lines])
