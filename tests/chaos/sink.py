"""A receiving system that remembers everything: one line in a file for each call, which outlives any kill."""

import asyncio
import os
from collections.abc import Mapping

from pydantic import JsonValue

from lgsp.adapter import Delivery, Ports, Receipt

__all__ = ["FileSink"]


class FileSink:
    """The adapter. `file` takes the lines; a call takes `delay_s`."""

    def __init__(self, settings: Mapping[str, JsonValue], _: Ports) -> None:
        self._file = os.open(str(settings["file"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        delay = settings.get("delay_s", 0)
        self._delay_s = float(delay) if isinstance(delay, (int, float)) else 0.0

    async def send(self, delivery: Delivery) -> Receipt:
        """One effect: subject, message, key. The line is there before the answer is."""
        message = delivery.message
        line = f"{message.subject}\t{message.id}\t{delivery.idempotency_key}\n"
        os.write(self._file, line.encode())
        await asyncio.sleep(self._delay_s)
        return Receipt(message.id)
