"""Publishing as much as the bus takes."""

import asyncio

from lgsp.bus.bus import Bus
from lgsp.errors import BackpressureError
from lgsp.message import Message

__all__ = ["publish_when_there_is_room"]


async def publish_when_there_is_room(bus: Bus, message: Message) -> None:
    """Publish; while the bus is full, again and again. For loads that are to be as fast as the bus: ten times as often as it asks."""
    while True:
        try:
            await bus.publish(message)
        except BackpressureError as exc:
            await asyncio.sleep(exc.retry_after_s / 10)
        else:
            return
