"""A receiving system that remembers everything: one line in a file for each call, which outlives any kill."""

import asyncio
import os
import zlib
from collections.abc import Mapping

from pydantic import JsonValue

from lgsp.adapter import Delivery, Ports, Receipt
from lgsp.errors import RejectedError, TransientError

__all__ = ["FileSink"]


class FileSink:
    """The adapter. `file` takes the lines; a call takes `delay_s`.

    Of a hundred messages, `stumbles` fail at their first attempt; what `poison` is about is refused for good.
    """

    def __init__(self, settings: Mapping[str, JsonValue], _: Ports) -> None:
        self._file = os.open(str(settings["file"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._delay_s = _number(settings.get("delay_s"))
        self._stumbles = _number(settings.get("stumbles"))

    async def send(self, delivery: Delivery) -> Receipt:
        """One effect: subject, message, key. The line is there before the answer is."""
        message = delivery.message
        if message.subject.startswith("poison"):
            raise RejectedError("poison")
        if delivery.attempt == 1 and zlib.crc32(message.id.encode()) % 100 < self._stumbles:
            raise TransientError("stumbled")
        line = f"{message.subject}\t{message.id}\t{delivery.idempotency_key}\n"
        os.write(self._file, line.encode())
        await asyncio.sleep(self._delay_s)
        return Receipt(message.id)


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
