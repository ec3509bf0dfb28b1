"""What waits behind what: subjects whose head must be tried again, and the messages parked behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.channels.entries import unpark
from lgsp.channels.keys import Keys
from lgsp.channels.server import Argument, Server

__all__ = ["HeldSubject", "held_subject", "held_subjects"]

MOST_BEHIND = 100


@dataclass(frozen=True, slots=True)
class HeldSubject:
    """`message_id` is tried again at `due_ms` (bus time), for the `attempt`-th time; `behind` wait for it, in their order.

    Of `count` parked messages the first hundred are named.
    """

    system: str
    subject: str
    due_ms: int
    message_id: str
    attempt: int
    behind: tuple[str, ...]
    count: int


async def held_subject(server: Server, keys: Keys, systems: Sequence[str], subject: str) -> list[HeldSubject]:
    """Where this subject is held."""
    place = keys.partition_of(subject)
    due = await server.pipeline([["ZSCORE", keys.held(place, system), subject] for system in systems])
    held = [
        (place, system, subject, int(float(_text(at))))
        for system, at in zip(systems, due, strict=True)
        if at is not None
    ]
    return await _with_messages(server, keys, held)


async def held_subjects(
    server: Server, keys: Keys, systems: Sequence[str], *, limit: int
) -> list[HeldSubject]:
    """Every held subject of these systems, the earliest due first."""
    places = [(number, system) for number in range(keys.partitions) for system in systems]
    commands: list[list[Argument]] = [
        ["ZRANGE", keys.held(number, system), 0, limit - 1, "WITHSCORES"] for number, system in places
    ]
    held = [
        (number, system, subject, due_ms)
        for (number, system), reply in zip(places, await server.pipeline(commands), strict=True)
        for subject, due_ms in _scored(reply)
    ]
    return await _with_messages(server, keys, sorted(held, key=lambda one: one[3])[:limit])


async def _with_messages(
    server: Server, keys: Keys, held: Sequence[tuple[int, str, str, int]]
) -> list[HeldSubject]:
    if not held:
        return []
    commands: list[list[Argument]] = []
    for place, system, subject, _ in held:
        parked = keys.parked(place, system, subject)
        commands += [["LRANGE", parked, 0, MOST_BEHIND], ["LLEN", parked]]
    replies = await server.pipeline(commands)
    found = []
    for (_, system, subject, due_ms), raw, length in zip(held, replies[::2], replies[1::2], strict=True):
        entries = [unpark(one) for one in raw] if isinstance(raw, list) else []
        if entries:
            behind = tuple(entry.message_id for entry in entries[1:])
            head = entries[0]
            count = int(_text(length))
            found.append(HeldSubject(system, subject, due_ms, head.message_id, head.attempt, behind, count))
    return found


def _scored(reply: object) -> list[tuple[str, int]]:
    """RESP3 gives pairs, RESP2 a flat list."""
    flat = reply if isinstance(reply, list) else []
    pairs = flat if flat and isinstance(flat[0], (list, tuple)) else zip(flat[::2], flat[1::2], strict=True)
    return [(_text(subject), int(float(_text(due)))) for subject, due in pairs]


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
