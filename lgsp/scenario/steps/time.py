"""The clock of the running system. Where a scenario let it stand, it runs on at the scenario's end."""

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step

__all__ = ["STEPS"]


async def freeze_at(at: Situation, moment: str) -> str:
    """Let time stand at a moment; timers on the way to a later one fire."""
    return await _frozen(at, moment)


async def freeze(at: Situation) -> str:
    """Let time stand, now."""
    return await _frozen(at, True)


async def advance(at: Situation, duration: str) -> str:
    """Move on; timers on the way fire in order."""
    await at.world.steer({"advance": duration})
    return (await at.world.now()).isoformat(timespec="seconds")


async def resume(at: Situation) -> str:
    """Let time run on from where it stands."""
    await at.world.steer({"resume": True})
    return (await at.world.now()).isoformat(timespec="seconds")


async def _frozen(at: Situation, moment: str | bool) -> str:
    await at.world.steer({"freeze": moment})
    at.undo.push_async_callback(at.world.steer, {"resume": True})
    return (await at.world.now()).isoformat(timespec="seconds")


STEPS = (
    Step("it is {moment}", "thời điểm là {moment}", freeze_at),
    Step("time stands still", "thời gian dừng lại", freeze),
    Step("{duration} pass(es)", "{duration} trôi qua", advance),
    Step("time runs on", "thời gian chạy tiếp", resume),
)
