"""`lgsp up --only worker`, but with a clock that jumps by hours and days, forth and back, at each SIGUSR1."""

import asyncio
import itertools
import signal
import sys
from datetime import datetime, timedelta

from lgsp.bootstrap import Overrides, running
from lgsp.clock import SystemClock
from lgsp.settings import current_environment, load
from lgsp.up import configure_log, ready_line, until_signal

_JUMPS = (timedelta(hours=1), timedelta(hours=-2), timedelta(days=1), timedelta(days=-1), timedelta())


class JumpingClock(SystemClock):
    """The machine's clock, set wrongly."""

    def __init__(self) -> None:
        self._jumps = itertools.cycle(_JUMPS)
        self._offset = timedelta()

    def jump(self) -> None:
        """The next one."""
        self._offset = next(self._jumps)

    def now(self) -> datetime:
        """Wrong by the last jump."""
        return super().now() + self._offset


async def main() -> int:
    """Until SIGTERM."""
    settings, clock = load(None, current_environment()), JumpingClock()
    configure_log("info")
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, clock.jump)
    overrides = Overrides(clock=clock)
    async with running(settings, only=frozenset({"worker"}), overrides=overrides) as system:
        print(ready_line(system, json_output=True), flush=True)  # noqa: T201 - whoever started it waits for this
        return await until_signal(_for_ever())


async def _for_ever() -> int:
    await asyncio.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
