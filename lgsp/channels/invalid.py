"""The invalid message channel: what could not be read or accepted, with every fault, for a person to look at."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lgsp.channels.keys import Keys
from lgsp.channels.server import Argument, Server, StreamRecord, entries_of
from lgsp.errors import Fault, InvalidMessageError, NotFoundError

__all__ = ["InvalidEntry", "InvalidMessageChannel"]

MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class InvalidEntry:
    """Something refused; `id` is `<partition>:<stream id>`, `reference` what its sender calls it, `body` its beginning."""

    id: str
    system: str
    reference: str
    reason: str
    faults: tuple[Fault, ...]
    at_ms: int
    body: bytes

    @staticmethod
    def fields(
        raw: bytes, error: InvalidMessageError, reference: str, system: str, at_ms: int
    ) -> list[Argument]:
        """For the stream."""
        faults = json.dumps([asdict(fault) for fault in error.faults[:MAX_FAULTS]], ensure_ascii=False)
        return [
            "body", raw, "reason", error.what, "faults", faults, "reference", reference, "system", system, "at", str(at_ms),
        ]  # fmt: skip


class InvalidMessageChannel:
    """All partitions' refused messages; each partition keeps its newest ten thousand."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._keys = keys

    async def list(self, *, limit: int = 100) -> Sequence[InvalidEntry]:
        """The newest first, over all partitions."""
        commands: list[list[Argument]] = [
            ["XREVRANGE", self._keys.invalid(number), "+", "-", "COUNT", limit]
            for number in range(self._keys.partitions)
        ]
        replies = await self._server.pipeline(commands)
        found = [
            _read(number, record) for number, reply in enumerate(replies) for record in entries_of(reply)
        ]
        return sorted(found, key=lambda entry: entry.at_ms, reverse=True)[:limit]

    async def get(self, invalid_id: str) -> InvalidEntry:
        """One of them.

        Raises:
            NotFoundError: no such entry, or not any more.
        """
        partition, _, entry_id = invalid_id.partition(":")
        milliseconds, _, sequence = entry_id.partition("-")
        wrong = not (partition.isdecimal() and milliseconds.isdecimal() and sequence.isdecimal())
        if wrong or int(partition) >= self._keys.partitions:
            raise NotFoundError(
                f"{invalid_id!r} is not the id of a refused message; they look like 2:1764000000000-0"
            )
        records = entries_of(
            await self._server.call("XRANGE", self._keys.invalid(int(partition)), entry_id, entry_id)
        )
        if not records:
            raise NotFoundError(f"no refused message {invalid_id}")
        return _read(int(partition), records[0])


def _read(partition: int, record: StreamRecord) -> InvalidEntry:
    entry_id, fields = record
    text = {
        name.decode(): value.decode(errors="replace") for name, value in fields.items() if name != b"body"
    }
    faults = tuple(Fault(**fault) for fault in json.loads(text.get("faults") or "[]"))
    return InvalidEntry(
        id=f"{partition}:{entry_id}",
        system=text.get("system", ""),
        reference=text.get("reference", ""),
        reason=text.get("reason", ""),
        faults=faults,
        at_ms=int(text.get("at", "0")),
        body=fields.get(b"body", b""),
    )
