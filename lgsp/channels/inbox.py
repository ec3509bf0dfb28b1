"""Pull inboxes on Redis: offered, taken under a lease, settled. The truth is the out stream; this is how its head is handed over.

A message is offered when its turn in its subject has come, so taking in any order keeps each subject's order. Whoever offers waits for
the verdict; the next worker offers again under the same key, and finds the item, or its verdict, there. A message that was taken
`max_takes` times and never settled gets its verdict from the inbox itself, instead of being handed out once more.

A server whose memory is full refuses a script at its first write, if that may take memory; but what is taken from an inbox frees it.
So the first write of these scripts takes none.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from pydantic_core import from_json, to_json

from lgsp.adapter import Delivery, Offer
from lgsp.channels.keys import Keys
from lgsp.channels.server import Server
from lgsp.clock import Clock
from lgsp.errors import ChannelUnavailableError, RejectedError, TriesSpentError

__all__ = ["RedisInbox"]

_MOST_BYTES = 8 << 20
_LISTEN_MS = 1_000
_KEEP_VERDICTS_S = 7 * 86_400
_OFFER = """
-- KEYS items, visible, verdicts, bell   ARGV key, item, now_ms
local verdict = redis.call('HGET', KEYS[3], ARGV[1])
if verdict then
  redis.call('HDEL', KEYS[3], ARGV[1])
  return verdict
end
redis.call('HDEL', KEYS[1], '')
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 100, '*', 'k', ARGV[1])
end
return false
"""
_TAKE = """
-- KEYS items, visible, tries, bell, reasons, verdicts, settled
-- ARGV now_ms, lease_until_ms, limit, most_bytes, max_takes, keep_s
redis.call('HDEL', KEYS[1], '')
local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)
local found, room, spent = {last[1] and last[1][1] or '0-0'}, tonumber(ARGV[4]), false
local function take(key)
  local item, tries = redis.call('HGET', KEYS[1], key), tonumber(redis.call('HGET', KEYS[3], key) or 0)
  if not item then
    redis.call('ZREM', KEYS[2], key)
  elseif tries >= tonumber(ARGV[5]) then
    redis.call('HSET', KEYS[6], key, 's' .. tries .. ' ' .. (redis.call('HGET', KEYS[5], key) or ''))
    redis.call('ZREM', KEYS[2], key)
    for _, place in ipairs({KEYS[1], KEYS[3], KEYS[5]}) do redis.call('HDEL', place, key) end
    spent = true
  else
    room = room - #item
    if room < 0 and #found > 1 then return false end
    redis.call('ZADD', KEYS[2], ARGV[2], key)
    redis.call('HDEL', KEYS[5], key)
    found[#found + 1] = key
    found[#found + 1] = redis.call('HINCRBY', KEYS[3], key, 1)
    found[#found + 1] = item
  end
  return true
end
repeat -- again where all that was seen was spent, so that an empty answer means an empty inbox
  local keys = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
  for _, key in ipairs(keys) do
    if not take(key) then break end
  end
until #keys == 0 or #found > 1
if spent then
  redis.call('EXPIRE', KEYS[6], ARGV[6])
  redis.call('XADD', KEYS[7], 'MAXLEN', '~', 100, '*', 'k', '')
end
return found
"""
_SETTLE = """
-- KEYS items, visible, tries, verdicts, bell, reasons   ARGV verdict, keep_s, key...
local unknown = {}
for i = 3, #ARGV do
  if redis.call('HDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZREM', KEYS[2], ARGV[i])
    redis.call('HDEL', KEYS[3], ARGV[i])
    redis.call('HDEL', KEYS[6], ARGV[i])
    if ARGV[1] ~= '' then redis.call('HSET', KEYS[4], ARGV[i], ARGV[1]) end
  else
    unknown[#unknown + 1] = ARGV[i]
  end
end
redis.call('EXPIRE', KEYS[4], ARGV[2])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 100, '*', 'k', '')
return unknown
"""
_RELEASE = """
-- KEYS items, visible, bell, reasons   ARGV visible_at_ms, reason, key...
redis.call('HDEL', KEYS[1], '')
local unknown = {}
for i = 3, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[1], ARGV[i])
    if ARGV[2] ~= '' then redis.call('HSET', KEYS[4], ARGV[i], ARGV[2]) end
  else
    unknown[#unknown + 1] = ARGV[i]
  end
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 100, '*', 'k', '')
return unknown
"""
_VERDICTS = """
-- KEYS verdicts, bell   ARGV key...
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local found = {last[1] and last[1][1] or '0-0'}
for _, key in ipairs(ARGV) do
  local verdict = redis.call('HGET', KEYS[1], key)
  if verdict then
    redis.call('HDEL', KEYS[1], key)
    found[#found + 1] = key
    found[#found + 1] = verdict
  end
end
return found
"""


class RedisInbox:
    """One system's inbox, as its connector and the bus see it. Leases run on the bus's clock."""

    def __init__(self, server: Server, keys: Keys, system: str, clock: Clock, *, max_takes: int) -> None:
        self._server = server
        self._max_takes = max_takes
        self._clock = clock
        self._system = system
        self._items, self._visible, self._tries = (
            keys.offers(system, name) for name in ("items", "visible", "tries")
        )
        self._reasons, self._verdicts = keys.offers(system, "reasons"), keys.offers(system, "verdicts")
        self._offered, self._settled = keys.offers(system, "offered"), keys.offers(system, "settled")
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._bell: asyncio.Task[None] | None = None
        self._heard = "0-0"
        self._closed = False

    async def hand_over(self, delivery: Delivery) -> str:
        """Offer and wait; one task of this process listens for all who wait."""
        key = delivery.idempotency_key
        item = to_json(delivery.organizations) + b"\n" + delivery.message.to_json()
        verdict: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[key] = verdict
        try:
            keys = [self._items, self._visible, self._verdicts, self._offered]
            found = await self._server.run(_OFFER, keys, [key, item, self._now_ms()])
            if isinstance(found, bytes):
                return _judged(found.decode())
            if self._listener is None or self._listener.done():
                self._listener = asyncio.create_task(self._listen(), name=f"inbox-{self._system}")
            return _judged(await verdict)
        except asyncio.CancelledError:
            if verdict.done() and not verdict.cancelled() and verdict.exception() is None:
                await self._put_back([key, verdict.result()])
            raise
        finally:
            del self._waiting[key]

    async def _listen(self) -> None:
        """Hand verdicts to those who wait, as long as somebody does; where they can't be had, who waits is told to offer again."""
        try:
            while self._waiting:
                heard = await self._hand_out()
                if heard:
                    await self._server.wait_for_entry(self._settled, heard, _LISTEN_MS)
        except Exception as exc:  # noqa: BLE001 - it belongs to those who wait
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(exc)

    async def _hand_out(self) -> str:
        """What has been settled so far; where nothing is, behind which entry to wait."""
        # What was removed from Redis and did not reach us is lost, so a failure ends every wait.
        reply = await self._server.run(_VERDICTS, [self._verdicts, self._settled], [*self._waiting])
        heard, *flat = [one.decode() for one in reply] if isinstance(reply, list) else ["0-0"]
        untold: list[str] = []
        for key, verdict in zip(flat[::2], flat[1::2], strict=True):
            untold += () if self._tell(key, verdict) else (key, verdict)
        if untold:
            await self._put_back(untold)
        return "" if flat else heard

    def _tell(self, key: str, verdict: str) -> bool:
        """Whether anybody still waits for it."""
        future = self._waiting.get(key)
        if future is None or future.done():
            return False
        future.set_result(verdict)
        return True

    async def _put_back(self, verdicts: Sequence[str]) -> None:
        """Keys and verdicts of those who were stopped meanwhile: whoever offers these messages next finds them judged."""
        await self._server.call("HSET", self._verdicts, *verdicts)

    async def take(self, *, limit: int, lease_s: float) -> Sequence[Offer]:
        """The oldest that nobody has taken, or whose lease is over."""
        now_ms = self._now_ms()
        until_ms = now_ms + int(lease_s * 1000)
        keys = [self._items, self._visible, self._tries, self._offered]
        keys += [self._reasons, self._verdicts, self._settled]
        limits = [limit, _MOST_BYTES, self._max_takes, _KEEP_VERDICTS_S]
        reply = await self._server.run(_TAKE, keys, [now_ms, until_ms, *limits])
        heard, *flat = reply if isinstance(reply, list) else [b"0-0"]
        self._heard = heard.decode()
        offers = []
        for key, tries, item in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
            organizations, _, content = item.partition(b"\n")
            offers.append(Offer(key.decode(), tries, tuple(from_json(organizations)), until_ms, content))
        return offers

    async def wait(self, timeout_s: float) -> bool:
        """Until something is offered, for at most a second, so that a lease that runs out is seen; all who wait share one connection."""
        if self._closed:
            return False
        if self._bell is None or self._bell.done():
            self._bell = asyncio.create_task(self._ring(), name=f"bell-{self._system}")
        await asyncio.wait({self._bell}, timeout=timeout_s)
        return not self._closed

    async def _ring(self) -> None:
        # What is wrong with the server, the next `take` says to somebody who can hear it.
        with suppress(ChannelUnavailableError):
            await self._server.wait_for_entry(self._offered, self._heard, _LISTEN_MS)

    async def acknowledge(self, keys: Sequence[str], reference: str = "") -> Sequence[str]:
        """The bus counts these as delivered."""
        return await self._settle(keys, f"d{reference}")

    async def reject(self, keys: Sequence[str], reason: str) -> Sequence[str]:
        """These become dead letters."""
        return await self._settle(keys, f"r{reason}")

    async def _settle(self, keys: Sequence[str], verdict: str) -> Sequence[str]:
        places = [self._items, self._visible, self._tries, self._verdicts, self._settled, self._reasons]
        return _texts(await self._server.run(_SETTLE, places, [verdict, _KEEP_VERDICTS_S, *keys]))

    async def release(self, keys: Sequence[str], after_s: float, reason: str = "") -> Sequence[str]:
        """As if their leases ended then."""
        visible_ms = self._now_ms() + int(after_s * 1000)
        places = [self._items, self._visible, self._offered, self._reasons]
        return _texts(await self._server.run(_RELEASE, places, [visible_ms, reason, *keys]))

    async def withdraw(self, key: str) -> None:
        """Take an offer back."""
        await self._settle([key], "")

    async def aclose(self) -> None:
        """Let everybody who waits go; what the listener has taken from Redis, it hands over or puts back first."""
        self._closed = True
        if self._listener is not None:
            await asyncio.wait({self._listener}, timeout=2 * _LISTEN_MS / 1000)
        tasks = [task for task in (self._listener, self._bell) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _judged(verdict: str) -> str:
    kind, detail = verdict[:1], verdict[1:]
    if kind == "r":
        raise RejectedError(detail, wire_code="rejected")
    if kind == "s":
        takes, _, reason = detail.partition(" ")
        raise TriesSpentError(reason or "neither settled nor released before its lease ended", int(takes))
    return detail


def _texts(reply: object) -> list[str]:
    return [one.decode() for one in reply] if isinstance(reply, list) else []
