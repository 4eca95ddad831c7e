-- Adds to a counter: a hash with its value `v` and, if it expires, its end `e`.
--
-- KEYS[1]     the counter's key
-- KEYS[2, 3]  of a listed one: all its keys, by name, and by their ends
-- ARGV        the time (empty: Redis' own), what to add, how long it lives from now on (empty: for ever), then of a
--             listed one: what all its keys begin with, the rest of this one
-- gives       the new value, as digits

local now, spare
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now, spare = time[1] * 1000 + math.floor(time[2] / 1000), 0
else
  now, spare = tonumber(ARGV[1]), 86400000
end

-- What can't be indexed is not counted either.
for index = 2, #KEYS do
  local kind = redis.call('TYPE', KEYS[index]).ok
  if kind ~= 'zset' and kind ~= 'none' then
    return redis.error_reply('WRONGTYPE an index of a listed counter is not a sorted set')
  end
end

local ends = tonumber(redis.call('HGET', KEYS[1], 'e') or '') or math.huge
if ends <= now then redis.call('DEL', KEYS[1]) end

local added = redis.pcall('HINCRBY', KEYS[1], 'v', ARGV[2])
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'overflow') then return added end
  local limit = '9223372036854775807'
  if string.sub(ARGV[2], 1, 1) == '-' then limit = '-9223372036854775808' end
  redis.call('HSET', KEYS[1], 'v', limit)
end

local life = tonumber(ARGV[3])
local digits
if life then
  digits = string.format('%.0f', now + life)
  redis.call('HSET', KEYS[1], 'e', digits)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', life + spare))
else
  redis.call('HDEL', KEYS[1], 'e')
  redis.call('PERSIST', KEYS[1])
end

if KEYS[2] then
  redis.call('ZADD', KEYS[2], 0, ARGV[5])
  if life then
    redis.call('ZADD', KEYS[3], digits, ARGV[5])
  else
    redis.call('ZREM', KEYS[3], ARGV[5])
  end
  -- A few at a time, so that keys which nobody lists go too.
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now), 'LIMIT', 0, 8)) do
    redis.call('DEL', ARGV[4] .. gone)
    redis.call('ZREM', KEYS[2], gone)
    redis.call('ZREM', KEYS[3], gone)
  end
end
return redis.call('HGET', KEYS[1], 'v')
