-- Gives a lease back, once. KEYS: the leases, their sum. ARGV: `id:count`, the count.

if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 and redis.call('DECRBY', KEYS[2], ARGV[2]) <= 0 then
  redis.call('DEL', KEYS[1], KEYS[2])
end
return 0
