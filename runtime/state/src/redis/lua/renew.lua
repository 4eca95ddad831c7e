-- Lets leases live on, also those that ended while Redis was away.
-- KEYS: the leases, their sum. ARGV: how long they live, then `id:count` each.

local time = redis.call('TIME')
local real = time[1] * 1000 + math.floor(time[2] / 1000)
local life = tonumber(ARGV[1])
local ends = string.format('%.0f', real + life)
local added = 0
for i = 2, #ARGV do
  if redis.call('ZADD', KEYS[1], ends, ARGV[i]) == 1 then
    added = added + tonumber(string.match(ARGV[i], ':(%d+)$'))
  end
end
redis.call('INCRBY', KEYS[2], string.format('%.0f', added))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', 2 * life))
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', 2 * life))
return added
