"""The Lua that makes each hop one atomic step. Every script touches one hash slot only."""

__all__ = ["ACQUIRE", "PUBLISH", "RELEASE", "RENEW", "REPLAY", "SEND_AGAIN", "TRANSACTION"]

PUBLISH = """
-- KEYS inbox, seen, journal, out...   ARGV digest, body, max_waiting, seen_ttl_ms, journal fields...
local prior = redis.call('GET', KEYS[2])
if prior then
  local cut = string.find(prior, '|', 1, true)
  if string.sub(prior, 1, cut - 1) == ARGV[1] then return {'duplicate', string.sub(prior, cut + 1)} end
  return {'conflict', string.sub(prior, cut + 1)}
end
local waiting = redis.call('XLEN', KEYS[1])
for i = 4, #KEYS do waiting = waiting + redis.call('XLEN', KEYS[i]) end
if waiting >= tonumber(ARGV[3]) then return {'full', tostring(waiting)} end
local id = redis.call('XADD', KEYS[1], '*', 'body', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1] .. '|' .. id, 'PX', ARGV[4])
redis.call('XADD', KEYS[3], '*', unpack(ARGV, 5))
return {'accepted', id}
"""
"""Idempotent receiver, bound, append and journal in one."""

TRANSACTION = """
-- KEYS lease, touched...   ARGV lease value, then for each command: count, name, arguments
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local i = 2
while i <= #ARGV do
  local n = tonumber(ARGV[i])
  redis.call(unpack(ARGV, i + 1, i + n))
  i = i + n + 1
end
return 1
"""
"""Commands that happen all, and only while the lease is held (fencing token)."""

ACQUIRE = """
-- KEYS lease, fence   ARGV owner, ttl_ms
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local value = ARGV[1] .. '#' .. redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return value
"""

RENEW = """
-- KEYS lease   ARGV value, ttl_ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

RELEASE = """
-- KEYS lease   ARGV value
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""

SEND_AGAIN = """
-- KEYS to, journal   ARGV count of the fields for `to`, fields for `to`..., journal fields...
local n = tonumber(ARGV[1])
redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2, 1 + n))
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2 + n))
return 1
"""

REPLAY = """
-- KEYS from, to, journal   ARGV entry id, count of the fields for `to`, fields for `to`..., journal fields...
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local n = tonumber(ARGV[2])
if n > 0 then redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3, 2 + n)) end
redis.call('XADD', KEYS[3], '*', unpack(ARGV, 3 + n))
return 1
"""
"""Take one entry away, put it elsewhere (or nowhere), and say so; a second call finds nothing and does nothing."""
