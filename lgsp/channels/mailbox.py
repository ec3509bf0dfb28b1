"""Pull inboxes on Redis, for systems that fetch by themselves; the content lies in the blob store, as a claim check."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from lgsp.adapter import MailboxItem
from lgsp.channels.keys import Keys
from lgsp.channels.server import Server
from lgsp.clock import Clock
from lgsp.errors import NotFoundError
from lgsp.model.attachment import BlobRef

__all__ = ["RedisMailbox"]

KEEP_SETTLED_S = 30 * 86_400
_PUT = """
-- KEYS item, waiting   ARGV json, created_ms, id
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
return 1
"""
_MARK = """
-- KEYS item, waiting   ARGV json, id, settled (0/1), keep_s
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
if ARGV[3] == '1' then
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return 1
"""


class RedisMailbox:
    """One system's inboxes. Settled items are kept for 30 days, so that a repeated delivery is still recognised."""

    def __init__(self, server: Server, keys: Keys, system: str, clock: Clock) -> None:
        self._server = server
        self._keys = keys
        self._system = system
        self._clock = clock

    def _item(self, item_id: str) -> str:
        return self._keys.mailbox(self._system, f"item:{item_id}")

    def _waiting(self, kind: str) -> str:
        return self._keys.mailbox(self._system, f"waiting:{kind}")

    async def put(self, item: MailboxItem, content: BlobRef) -> bool:
        """Store; false when an item of that id is already there."""
        raw = _dump(item, content)
        keys = [self._item(item.id), self._waiting(item.kind)]
        return await self._server.run(_PUT, keys, [raw, item.created_ms, item.id]) == 1

    async def waiting(self, kind: str, *, limit: int = 200) -> Sequence[MailboxItem]:
        """Items not yet done or failed, oldest first."""
        ids = await self._server.call("ZRANGE", self._waiting(kind), 0, limit - 1)
        names = [item_id.decode() for item_id in ids] if isinstance(ids, list) else []
        if not names:
            return []
        found = await self._server.pipeline([["GET", self._item(name)] for name in names])
        return [_load(raw)[0] for raw in found if isinstance(raw, bytes)]

    async def get(self, item_id: str) -> tuple[MailboxItem, BlobRef]:
        """One item, and where its content lies."""
        raw = await self._server.call("GET", self._item(item_id))
        if not isinstance(raw, bytes):
            raise NotFoundError(f"the mailbox of {self._system} has no item {item_id!r}")
        return _load(raw)

    async def mark(self, item_id: str, state: str, note: str = "") -> None:
        """Set the read state; `done` and `fail` take it off the waiting list."""
        item, ref = await self.get(item_id)
        now_ms = int(self._clock.now().timestamp() * 1000)
        raw = _dump(replace(item, state=state, note=note, updated_ms=now_ms), ref)
        settled = int(state in {"done", "fail"})
        await self._server.run(
            _MARK, [self._item(item_id), self._waiting(item.kind)], [raw, item_id, settled, KEEP_SETTLED_S]
        )


def _dump(item: MailboxItem, ref: BlobRef) -> str:
    return json.dumps({"item": asdict(item), "blob": ref.model_dump()}, ensure_ascii=False)


def _load(raw: bytes) -> tuple[MailboxItem, BlobRef]:
    value = json.loads(raw)
    return MailboxItem(**value["item"]), BlobRef(**value["blob"])
