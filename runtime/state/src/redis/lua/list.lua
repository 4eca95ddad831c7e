-- A listed counter's keys, a piece at a time.
--
-- KEYS   all its keys, by name, and by their ends
-- ARGV   the time (empty: Redis' own), what all its keys begin with, the range's ends, how many at most
-- gives  1 when the range may have more, the last key looked at, then each key and its value

local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
else
  now = tonumber(ARGV[1])
end

local function forget(key)
  redis.call('DEL', ARGV[2] .. key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, 256)) do
  forget(key)
end
local at_most = tonumber(ARGV[5])
local keys = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[3], ARGV[4], 'LIMIT', 0, at_most)
local found = { 0, keys[#keys] or '' }
if #keys == at_most then found[1] = 1 end
for _, key in ipairs(keys) do
  local count = redis.call('HMGET', ARGV[2] .. key, 'v', 'e')
  if not count[1] then
    forget(key)
  elseif (tonumber(count[2] or '') or math.huge) > now then
    found[#found + 1] = key
    found[#found + 1] = count[1]
  end
end
return found
