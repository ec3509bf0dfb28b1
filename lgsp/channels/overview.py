"""How the channels stand, for people to look at: one round trip a partition; takes and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.channels.keys import Keys
from lgsp.channels.server import Argument, Server

__all__ = ["HeldView", "LeaseView", "PartitionView", "StreamView", "overview"]

MOST_HELD = 20
"""Held subjects that are named; all of them are counted."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """A stream. What is done with is deleted, so `length` is what waits; `oldest_ms` 0: nothing does."""

    name: str
    key: str
    length: int
    memory_bytes: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class LeaseView:
    """Who works the partition: the worker, its fencing token, and how long the lease holds without renewal."""

    holder: str
    token: int
    left_ms: int


@dataclass(frozen=True, slots=True)
class HeldView:
    """Subjects that wait for a retry at one system: how many, and the first due with the moment (bus time)."""

    system: str
    count: int
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One partition. `lease` None: nobody works it."""

    number: int
    lease: LeaseView | None
    streams: tuple[StreamView, ...]
    held: tuple[HeldView, ...]


async def overview(server: Server, keys: Keys, systems: Sequence[str]) -> list[PartitionView]:
    """Every partition.

    Raises:
        ChannelUnavailableError: the server does not answer.
    """
    return [await _partition(server, keys, number, systems) for number in range(keys.partitions)]


async def _partition(server: Server, keys: Keys, number: int, systems: Sequence[str]) -> PartitionView:
    streams = {
        "inbox": keys.inbox(number),
        **{f"out:{system}": keys.out(number, system) for system in systems},
        "journal": keys.journal(number),
        "dead": keys.dead(number),
        "invalid": keys.invalid(number),
    }
    commands: list[list[Argument]] = [["GET", keys.lease(number)], ["PTTL", keys.lease(number)]]
    for key in streams.values():
        commands += [["XLEN", key], ["MEMORY USAGE", key], ["XRANGE", key, "-", "+", "COUNT", 1]]
    for system in systems:
        held = keys.held(number, system)
        commands += [["ZCARD", held], ["ZRANGE", held, 0, MOST_HELD - 1, "WITHSCORES"]]
    lease, left, *rest = await server.pipeline(commands)
    split = 3 * len(streams)
    views = [
        StreamView(name, key, _number(length), _number(memory), _oldest(first))
        for (name, key), length, memory, first in zip(
            streams.items(), rest[:split:3], rest[1:split:3], rest[2:split:3], strict=True
        )
    ]
    held_views = [
        HeldView(system, _number(count), _due(first))
        for system, count, first in zip(systems, rest[split::2], rest[split + 1 :: 2], strict=True)
    ]
    return PartitionView(number, _lease(lease, _number(left)), tuple(views), tuple(held_views))


def _lease(value: object, left_ms: int) -> LeaseView | None:
    if not isinstance(value, bytes):
        return None
    holder, token, _ = value.decode().rsplit("#", 2)
    return LeaseView(holder, int(token), max(0, left_ms))


def _oldest(reply: object) -> int:
    records = reply if isinstance(reply, list) else []
    return int(_text(records[0][0]).partition("-")[0]) if records else 0


def _due(reply: object) -> tuple[tuple[str, int], ...]:
    flat = reply if isinstance(reply, list) else []
    if flat and isinstance(flat[0], (list, tuple)):
        return tuple((_text(subject), int(float(due))) for subject, due in flat)
    return tuple((_text(one), int(float(due))) for one, due in zip(flat[::2], flat[1::2], strict=True))


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float, bytes, str)) else 0


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
