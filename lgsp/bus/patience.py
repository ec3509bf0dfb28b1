"""Publishing as much as the bus takes."""

import asyncio
from collections.abc import Sequence

from lgsp.bus.bus import Bus
from lgsp.errors import BackpressureError
from lgsp.message import Message

__all__ = ["publish_all_when_there_is_room", "publish_when_there_is_room"]


async def publish_when_there_is_room(bus: Bus, message: Message) -> None:
    """Publish; while the bus is full, again and again. For loads that are to be as fast as the bus: ten times as often as it asks."""
    while True:
        try:
            await bus.publish(message)
        except BackpressureError as exc:
            await asyncio.sleep(exc.retry_after_s / 10)
        else:
            return


async def publish_all_when_there_is_room(bus: Bus, messages: Sequence[Message]) -> None:
    """The same for many, in order; raises what is wrong with the first that is not accepted."""
    while messages:
        full: list[Message] = []
        wait_s = 0.0
        for message, result in zip(messages, await bus.publish_all(messages), strict=True):
            if isinstance(result, BackpressureError):
                full.append(message)
                wait_s = result.retry_after_s / 10
            elif isinstance(result, Exception):
                raise result
        messages = full
        await asyncio.sleep(wait_s)
