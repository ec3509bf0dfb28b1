"""The bus as an adapter sees it."""

from lgsp import wirelog
from lgsp.bus.bus import Bus
from lgsp.errors import InvalidMessageError
from lgsp.message import Message

__all__ = ["BusIntake"]


class BusIntake:
    """Accepts what the adapter of a system brings, and records what it can't accept."""

    def __init__(self, bus: Bus, system: str) -> None:
        self._bus = bus
        self._system = system

    async def accept(self, message: Message) -> bool:
        """Publish; false for a repeat."""
        try:
            is_new = (await self._bus.publish(message)).is_new
        except InvalidMessageError as exc:
            await self._bus.refuse(message.to_json(), exc, message.id, self._system)
            raise
        if is_new:
            wirelog.about(message.id)
        return is_new

    async def refuse(self, raw: bytes, error: InvalidMessageError, *, reference: str) -> None:
        """Record something that could not be read."""
        await self._bus.refuse(raw, error, reference, self._system)
