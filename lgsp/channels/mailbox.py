"""Pull inboxes on Redis, for systems that fetch by themselves.

A content that was given as bytes lies beside its item: a file for each small packet would cost two fsyncs. That of settled items makes
room for that of others; a claim check stays for as long as its item.
"""

from collections.abc import Sequence
from functools import lru_cache

from pydantic_core import from_json, to_json

from lgsp.adapter import MailboxItem
from lgsp.channels.keys import Keys
from lgsp.channels.server import Server
from lgsp.clock import Clock
from lgsp.errors import NotFoundError
from lgsp.model.attachment import BlobRef

__all__ = ["RedisMailbox"]

KEEP_SETTLED_S = 30 * 86_400
CONTENTS_KEPT = 10_000
"""Of how many settled items the content can still be had, where it is no claim check."""

_PUT = """
-- KEYS item, waiting, contents   ARGV json, created_ms, id[, content]
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
if ARGV[4] then redis.call('HSET', KEYS[3], ARGV[3], ARGV[4]) end
return 1
"""
_MARK = """
-- KEYS item, waiting (goes on with `:<kind>`), contents, settled
-- ARGV id, state, note, now_ms, settled (0/1), keep_s, contents_kept
local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local entry = cjson.decode(raw)
entry.item.state, entry.item.note, entry.item.updated_ms = ARGV[2], ARGV[3], tonumber(ARGV[4])
redis.call('SET', KEYS[1], cjson.encode(entry), 'KEEPTTL')
if ARGV[5] == '1' then
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  local waited = redis.call('ZREM', KEYS[2] .. ':' .. entry.item.kind, ARGV[1])
  if waited == 1 and redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then
    if redis.call('RPUSH', KEYS[4], ARGV[1]) > tonumber(ARGV[7]) then
      redis.call('HDEL', KEYS[3], redis.call('LPOP', KEYS[4]))
    end
  end
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
        self._contents, self._settled = keys.mailbox(system, "contents"), keys.mailbox(system, "settled")

    def _item(self, item_id: str) -> str:
        return self._keys.mailbox(self._system, f"item:{item_id}")

    def _waiting(self, kind: str) -> str:
        return self._keys.mailbox(self._system, f"waiting:{kind}")

    async def put(self, item: MailboxItem, content: BlobRef | bytes) -> bool:
        """Store; false when an item of that id is already there."""
        keys = [self._item(item.id), self._waiting(item.kind), self._contents]
        if isinstance(content, bytes):
            arguments: tuple[str | int | bytes, ...] = (_dump(item, None), item.created_ms, item.id, content)
        else:
            arguments = (_dump(item, content), item.created_ms, item.id)
        return await self._server.run(_PUT, keys, arguments) == 1

    async def waiting(self, kind: str, *, limit: int = 200) -> Sequence[MailboxItem]:
        """Items not yet done or failed, oldest first."""
        ids = await self._server.call("ZRANGE", self._waiting(kind), 0, limit - 1)
        names = [item_id.decode() for item_id in ids] if isinstance(ids, list) else []
        if not names:
            return []
        found = await self._server.call("MGET", *[self._item(name) for name in names])
        return [_load(raw)[0] for raw in found if isinstance(raw, bytes)] if isinstance(found, list) else []

    async def find(self, item_id: str) -> MailboxItem:
        """One item."""
        return self._loaded(item_id, await self._server.call("GET", self._item(item_id)))[0]

    async def get(self, item_id: str) -> tuple[MailboxItem, BlobRef | bytes]:
        """One item, and its content or where that lies."""
        commands = [["GET", self._item(item_id)], ["HGET", self._contents, item_id]]
        raw, inline = await self._server.pipeline(commands)
        item, ref = self._loaded(item_id, raw)
        if ref is not None:
            return item, ref
        if not isinstance(inline, bytes):
            raise NotFoundError(f"the content of {item_id!r}, settled long ago, is gone")
        return item, inline

    def _loaded(self, item_id: str, raw: object) -> tuple[MailboxItem, BlobRef | None]:
        if not isinstance(raw, bytes):
            raise self._unknown(item_id)
        return _load(raw)

    def _unknown(self, item_id: str) -> NotFoundError:
        return NotFoundError(f"the mailbox of {self._system} has no item {item_id!r}")

    async def mark(self, item_id: str, state: str, note: str = "") -> None:
        """Set the read state; `done` and `fail` take it off the waiting list."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        settled = int(state in {"done", "fail"})
        waiting = self._keys.mailbox(self._system, "waiting")
        keys = [self._item(item_id), waiting, self._contents, self._settled]
        arguments = (item_id, state, note, now_ms, settled, KEEP_SETTLED_S, CONTENTS_KEPT)
        if await self._server.run(_MARK, keys, arguments) == 0:
            raise self._unknown(item_id)


def _dump(item: MailboxItem, ref: BlobRef | None) -> bytes:
    return to_json({"item": item, "blob": ref})


@lru_cache(maxsize=1024)
def _load(raw: bytes) -> tuple[MailboxItem, BlobRef | None]:
    """Once: a list is asked for again and again, and what waits stays as it is."""
    value = from_json(raw)
    blob = value["blob"]
    return MailboxItem(**value["item"]), blob and BlobRef(**blob)
