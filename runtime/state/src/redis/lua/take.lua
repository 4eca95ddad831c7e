-- Charges limits in their order until one refuses. The arithmetic is that of bucket.rs and window.rs: all
-- numbers are whole and below 2^53, which Lua's doubles hold exactly.
--
-- ARGV[1]  the time in milliseconds; empty: Redis' own
-- ARGV[2]  how long a lease lives without being renewed, in milliseconds
-- then for each charge: kind, cost, want, amount, per, burst or lease
-- KEYS     one for each charge; two for kind 'a': its leases and their sum
-- gives    for each charge made: allowed, remaining, reset, retry after (-1: never or none), taken

local JITTER = 1000
local time = redis.call('TIME')
local real = time[1] * 1000 + math.floor(time[2] / 1000)
local now, spare = real, 1000
if ARGV[1] ~= '' then
  -- A clock that tests move: nothing may go by Redis' own before.
  now, spare = tonumber(ARGV[1]), 86400000
end

local function digits(number)
  return string.format('%.0f', number)
end

-- A number that doubles hold exactly; nil for any other text. No state of a limit has one beyond that.
local function whole(text)
  local number = text and string.match(text, '^%-?%d+$') and tonumber(text)
  if number and math.abs(number) <= 2 ^ 53 then return number end
  return nil
end

-- GCRA: a debt in parts of a token, of which `amount` drain in each millisecond.
local function bucket(key, cost, want, amount, per, burst)
  local debt, at, turned = 0, 0, false
  local saved = redis.call('GET', key)
  if saved then
    local d, t = string.match(saved, '^(%d+):(%d+)$')
    debt, at = whole(d), whole(t)
    if not debt or not at then return nil end
  end
  local capacity = amount + burst
  -- Nobody owes more than the bucket holds, also when it held more before.
  debt = math.min(debt, capacity * per)
  if at - now > JITTER then
    at, turned = now, true
  elseif now > at then
    -- A product that is too large to be exact is still larger than any debt.
    debt, at = math.max(0, debt - (now - at) * amount), now
  end
  local room = math.max(0, capacity * per - debt)
  local asked = math.max(1, cost)
  local allowed, retry, taken = 0, -1, 0
  if asked <= capacity then
    local price = asked * per
    if price > room then
      retry = math.ceil((price - room) / amount)
    else
      allowed = 1
      if cost > 0 then
        taken = math.max(cost, math.min(want, math.floor(room / per)))
        debt, room = debt + taken * per, room - taken * per
      end
    end
  end
  local reset = math.ceil(debt / amount)
  if taken > 0 or turned then
    redis.call('SET', key, digits(debt) .. ':' .. digits(at), 'PX', digits(reset + spare))
  end
  return { allowed, math.floor(room / per), reset, retry, taken }
end

-- A list: its head `sum:shift:newest`, then `time:count` from old to new. `shift` is added to all times.
local function window(key, cost, amount, per)
  local sum, shift, newest, dirty, at = 0, 0, nil, false, now
  local head = redis.call('LINDEX', key, 0)
  if head then
    local s, h, n = string.match(head, '^(%d+):(-?%d+):(-?%d+)$')
    sum, shift, newest = whole(s), whole(h), whole(n)
    if not sum or not shift or not newest then return nil end
    local ahead = newest + shift - at
    if ahead > JITTER then
      shift, dirty = shift - ahead, true
    elseif ahead > 0 then
      at = at + ahead
    end
  end

  -- Calls `visit` with each entry's time and count, from old to new, until it says stop. False at one that is not an entry.
  local function each(first, visit)
    while true do
      local entries = redis.call('LRANGE', key, first, first + 63)
      for _, entry in ipairs(entries) do
        local t, c = string.match(entry, '^(-?%d+):(%d+)$')
        t, c = whole(t), whole(c)
        if not t or not c then return false end
        if visit(t + shift, c) then return true end
      end
      if #entries < 64 then return true end
      first = first + 64
    end
  end

  local gone = 0
  if sum > 0 then
    local read = each(1, function(t, count)
      if at - t < per then return true end
      gone, sum = gone + 1, sum - count
    end)
    if not read or sum < 0 then return nil end
  end
  local room = math.max(0, amount - sum)
  local asked = math.max(1, cost)
  local allowed, retry, taken = 0, -1, 0
  if asked <= room then
    allowed, taken = 1, cost
  elseif asked <= amount then
    local needed = sum + asked - amount
    local read = each(1 + gone, function(t, count)
      needed = needed - count
      if needed <= 0 then
        retry = math.min(per, t + per - at)
        return true
      end
    end)
    if not read or needed > 0 then return nil end
  end

  if sum == 0 and taken == 0 then
    if head then redis.call('DEL', key) end
    return { allowed, room, 0, retry, 0 }
  end
  local last = nil
  if sum > 0 then last = newest + shift end
  if taken > 0 or dirty or gone > 0 then
    if taken > 0 then newest = at - shift end
    local new_head = digits(sum + taken) .. ':' .. digits(shift) .. ':' .. digits(newest)
    if head then
      -- What went last becomes the head's place.
      redis.call('LTRIM', key, gone, -1)
      redis.call('LSET', key, 0, new_head)
    else
      redis.call('RPUSH', key, new_head)
    end
    if taken > 0 then
      local count = taken
      if last == at then
        count = count + tonumber(string.match(redis.call('RPOP', key), ':(%d+)$'))
      end
      redis.call('RPUSH', key, digits(newest) .. ':' .. digits(count))
      last = at
    end
    redis.call('PEXPIRE', key, digits(last + per - at + spare))
  end
  return { allowed, room - taken, last + per - at, retry, taken }
end

-- Leases `id:count` with the real time at which each ends: hosts die by that, whatever time a test has.
local function at_once(leases, sum_key, cost, amount, id)
  local sum = whole(redis.call('GET', sum_key) or '0')
  if not sum then return nil end
  local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', digits(real))
  for _, lease in ipairs(ended) do
    local count = whole(string.match(lease, ':(%d+)$'))
    if not count then return nil end
    sum = sum - count
    redis.call('ZREM', leases, lease)
  end
  sum = math.max(0, sum)
  local room = math.max(0, amount - sum)
  if math.max(1, cost) > room then
    if #ended > 0 then redis.call('SET', sum_key, digits(sum), 'KEEPTTL') end
    if cost > amount then return { 0, room, 0, -1, 0 } end
    return { 0, room, 0, 0, 0 }
  end
  if cost > 0 then
    local life = tonumber(ARGV[2])
    redis.call('ZADD', leases, digits(real + life), id .. ':' .. digits(cost))
    redis.call('SET', sum_key, digits(sum + cost), 'PX', digits(2 * life))
    redis.call('PEXPIRE', leases, digits(2 * life))
  elseif #ended > 0 then
    redis.call('SET', sum_key, digits(sum), 'KEEPTTL')
  end
  return { 1, room - cost, 0, -1, cost }
end

local answers, key, arg = {}, 1, 3
while arg <= #ARGV do
  local kind = ARGV[arg]
  local cost, want = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
  local amount, per, last = tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4]), ARGV[arg + 5]
  local answer
  if kind == 't' then
    answer = bucket(KEYS[key], cost, want, amount, per, tonumber(last))
  elseif kind == 'w' then
    answer = window(KEYS[key], cost, amount, per)
  else
    answer = at_once(KEYS[key], KEYS[key + 1], cost, amount, last)
    key = key + 1
  end
  if not answer then return redis.error_reply('CORRUPT a limit has a state that is not its own') end
  for _, number in ipairs(answer) do answers[#answers + 1] = number end
  if answer[1] == 0 then break end
  key, arg = key + 1, arg + 6
end
return answers
