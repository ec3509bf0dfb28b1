"""Where tasks over many dead letters are written down, so that they outlive whoever began them.

What people want of a task (`wish`) and how far it is (`progress`) are two fields with one writer each: a person never overwrites the
worker's count, and a worker that woke up after its lease never overwrites its successor's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lgsp.channels.keys import Keys
from lgsp.channels.lease import Lease
from lgsp.channels.scripts import WRITE_FENCED
from lgsp.channels.server import Server
from lgsp.errors import NotFoundError, StaleLeaseError

__all__ = ["TaskBook", "TaskRecord"]

KEPT = 200


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task: `about` and `progress` are JSON of whoever works it, `wish` is what people last said."""

    id: str
    about: bytes
    wish: str
    progress: bytes


class TaskBook:
    """The newest two hundred tasks, and those that are not over."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._keys = keys

    async def add(self, record: TaskRecord) -> None:
        """Write a new one down."""
        fields = ("about", record.about, "wish", record.wish, "progress", record.progress)
        await self._server.call("HSET", self._keys.task(record.id), *fields)
        await self._server.call("ZADD", self._keys.tasks(), await self._server.now_ms(), record.id)
        await self._server.call("SADD", self._keys.open_tasks(), record.id)
        old = await self._server.call("ZRANGE", self._keys.tasks(), 0, -KEPT - 1)
        still_open = await self._server.call("SMEMBERS", self._keys.open_tasks())
        over = (
            set(old) - set(still_open)
            if isinstance(old, list) and isinstance(still_open, list | set)
            else set()
        )
        for name in over:
            await self._server.call("DEL", self._keys.task(name.decode()))
            await self._server.call("ZREM", self._keys.tasks(), name)

    async def list(self) -> Sequence[TaskRecord]:
        """The newest first."""
        return await self._read(await self._server.call("ZREVRANGE", self._keys.tasks(), 0, -1))

    async def open(self) -> Sequence[TaskRecord]:
        """Those that are not over."""
        return await self._read(await self._server.call("SMEMBERS", self._keys.open_tasks()))

    async def close(self, task_id: str) -> None:
        """It is over."""
        await self._server.call("SREM", self._keys.open_tasks(), task_id)

    async def _read(self, names: object) -> Sequence[TaskRecord]:
        ids = [name.decode() for name in names] if isinstance(names, (list, set)) else []
        if not ids:
            return []
        found = await self._server.pipeline([["HGETALL", self._keys.task(one)] for one in ids])
        return [_record(one, fields) for one, fields in zip(ids, found, strict=True) if fields]

    async def get(self, task_id: str) -> TaskRecord:
        """One of them.

        Raises:
            NotFoundError: no such task.
        """
        fields = await self._server.call("HGETALL", self._keys.task(task_id))
        if not fields:
            raise NotFoundError(f"no task {task_id!r}; `lgsp dead tasks` lists them")
        return _record(task_id, fields)

    async def wish(self, task_id: str, wish: str) -> None:
        """Say what is wanted of it."""
        await self._server.call("HSET", self._keys.task(task_id), "wish", wish)

    async def progressed(self, lease: Lease, task_id: str, progress: bytes) -> None:
        """Write down how far it is.

        Raises:
            StaleLeaseError: another worker works the tasks by now.
        """
        keys = [lease.name, self._keys.task(task_id)]
        if await self._server.run(WRITE_FENCED, keys, [lease.value, "progress", progress]) != 1:
            raise StaleLeaseError("the tasks are worked by another worker")


def _record(task_id: str, fields: object) -> TaskRecord:
    """From a hash: RESP2's flat list, or a dictionary."""
    flat = fields if isinstance(fields, list) else []
    pairs = fields if isinstance(fields, dict) else dict(zip(flat[::2], flat[1::2], strict=True))
    wish = pairs.get(b"wish", b"").decode()
    return TaskRecord(task_id, pairs.get(b"about", b"{}"), wish, pairs.get(b"progress", b"{}"))
