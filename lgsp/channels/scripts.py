"""The Lua that makes each hop one atomic step. Every script touches one hash slot only."""

__all__ = [
    "ACKNOWLEDGE",
    "ACQUIRE",
    "HEADS",
    "PUBLISH",
    "READ",
    "RELEASE",
    "RENEW",
    "REPLAY",
    "SEND_AGAIN",
    "SIGN_OF_LIFE",
    "TRANSACTION",
    "WRITE_FENCED",
]

PUBLISH = """
-- KEYS inbox, journal, seen, bodies, out...
-- ARGV max_waiting, window_s, then for each message: digest, bucket, identity, body, step, envelope ('' where it is small)
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
for i = 5, #KEYS do room = room - redis.call('XLEN', KEYS[i]) end
local window = tonumber(ARGV[2])
local age = math.floor(tonumber(redis.call('TIME')[1]) / window)
local replies, journal = {}, {}
for i = 3, #ARGV, 6 do
  local digest, tail, who = ARGV[i], ':' .. ARGV[i + 1], ARGV[i + 2]
  local seen = KEYS[3] .. ':' .. age .. tail
  local prior = redis.call('HGET', seen, who) or redis.call('HGET', KEYS[3] .. ':' .. (age - 1) .. tail, who)
  if prior then
    local same = string.sub(prior, 1, #digest) == digest
    redis.call('HSET', seen, who, prior)
    redis.call('EXPIRE', seen, window * 2)
    replies[#replies + 1] = (same and 'd' or 'c') .. string.sub(prior, #digest + 1)
  elseif room <= 0 then
    replies[#replies + 1] = 'f' .. (tonumber(ARGV[1]) - room)
  else
    room = room - 1
    local body, envelope, id = ARGV[i + 3], ARGV[i + 5], nil
    if envelope == '' then
      id = redis.call('XADD', KEYS[1], '*', 'body', body)
    else
      id = redis.call('XADD', KEYS[1], '*', 'envelope', envelope)
      redis.call('HSET', KEYS[4] .. ':' .. id, 'body', body, 'inbox', '', 'journal', '')
      body = '@' .. id
    end
    redis.call('HSET', seen, who, digest .. id)
    redis.call('EXPIRE', seen, window * 2)
    journal[#journal + 1] = ARGV[i + 4]
    journal[#journal + 1] = body
    replies[#replies + 1] = 'a' .. id
  end
end
if #journal > 0 then redis.call('XADD', KEYS[2], '*', unpack(journal)) end
replies[#replies + 1] = tostring(room)
return replies
"""
"""Idempotent receiver, bound, append and journal in one, for many messages.

What was seen lies in many small hashes, each of one window of the server's time: a small hash is kept without overhead, and a
window that has passed goes away as a whole. The names of these hashes share the tag of `seen`, so they are in the same slot. A repeat
is written again, so that waiting for the replicas after it covers the first time too.

A large body is written once, beside the streams, and goes when nobody needs it any more; streams name it by its id.
"""

TRANSACTION = """
-- KEYS lease, touched...   ARGV lease value, then for each command: count, name, arguments
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':nothing')
local ids, i = {}, 2
while i <= #ARGV do
  local n = tonumber(ARGV[i])
  if ARGV[i + 1] == 'LET-GO' then
    redis.call('HDEL', ARGV[i + 2], ARGV[i + 3])
    if redis.call('HLEN', ARGV[i + 2]) <= 1 then redis.call('UNLINK', ARGV[i + 2]) end
  else
    local reply = redis.call(unpack(ARGV, i + 1, i + n))
    if ARGV[i + 1] == 'XADD' then ids[#ids + 1] = reply end
  end
  i = i + n + 1
end
return ids
"""
"""Commands that happen all, and only while the lease is held (fencing token); answers the ids of what was added to streams.

A server whose memory is full refuses a script at its first write, if that may take memory. What is accepted must drain all the same, so
the first write takes none. `LET-GO body who`: this one needs the body no more; the last takes it away.
"""

ACKNOWLEDGE = """
-- KEYS journal, bodies...   ARGV group, entry id...
redis.call('XACK', KEYS[1], unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV, 2))
for i = 2, #KEYS do
  redis.call('HDEL', KEYS[i], 'journal')
  if redis.call('HLEN', KEYS[i]) <= 1 then redis.call('UNLINK', KEYS[i]) end
end
return 1
"""
"""Journal entries are stored, and the large messages in them need not be kept for the journal; twice is as once."""

READ = """
-- KEYS lease, stream   ARGV lease value, behind that id, count
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('XRANGE', KEYS[2], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
"""
"""Entries for the holder of the lease, and for nobody else."""

ACQUIRE = """
-- KEYS lease, fence   ARGV owner, ttl_ms, nonce
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. '#' then return false end
redis.call('DEL', KEYS[1])
local value = ARGV[1] .. '#' .. redis.call('INCR', KEYS[2]) .. '#' .. ARGV[3]
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return value
"""
"""A worker that lost its connection gets its own lease back at once, with a new fencing token.

The nonce tells two tokens apart whose numbers are the same, because a failover has forgotten the first.
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

SIGN_OF_LIFE = """
-- KEYS workers   ARGV lost_ms, now_ms, owner
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
"""A server whose memory is full refuses ZADD alone; here the first write takes no memory, as in a transaction."""

SEND_AGAIN = """
-- KEYS inbox, journal   ARGV count of the fields for the inbox, these fields..., journal fields...
local n = tonumber(ARGV[1])
redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2, 1 + n))
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2 + n))
return 1
"""

REPLAY = """
-- KEYS dead, inbox, journal   ARGV entry id, count of the fields for the inbox, these fields..., journal fields...
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local n = tonumber(ARGV[2])
if n > 0 then redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3, 2 + n)) end
redis.call('XADD', KEYS[3], '*', unpack(ARGV, 3 + n))
return 1
"""
"""Take a dead letter away, put it into the inbox (or nowhere), and say so; a second call finds nothing and does nothing."""

HEADS = """
-- KEYS stream   ARGV from, count
local found = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
for _, entry in ipairs(found) do
  local kept, fields = {}, entry[2]
  for i = 1, #fields, 2 do
    if fields[i] ~= 'body' then kept[#kept + 1] = fields[i]; kept[#kept + 1] = fields[i + 1] end
  end
  entry[2] = kept
end
return found
"""
"""Entries without their bodies: there may be many, and each body may be a megabyte."""

WRITE_FENCED = """
-- KEYS lease, hash   ARGV lease value, name, value, ...
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 1
"""
"""Fields of a hash, only while the lease is held."""
