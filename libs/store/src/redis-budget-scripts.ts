import { script } from './redis-keyed-state/scripts.js';

/**
 * A counter is a hash of `spent` and `reserved`, a reservation '<nano-dollars> <moment>'. Amounts are added as Redis
 * counts, in 64 bits; Lua compares them as doubles, exact up to nine million dollars, which no cap exceeds.
 */
const counterOf = `
local function counted(key)
  local amounts = redis.call('HMGET', key, 'spent', 'reserved')
  return (tonumber(amounts[1]) or 0) + (tonumber(amounts[2]) or 0)
end`;

/**
 * KEYS: reservation, counters. ARGV: nano-dollars, moment, moment at which the reservation expires, and for each counter
 * the moment at which it expires and its cap, or ''. The reservation, as bytes, where the call has one; a list of the
 * counters that are full, from 1; empty: it is reserved.
 */
export const reserveScript = script(`${counterOf}
local found = redis.call('GET', KEYS[1])
if found then return found end
local full = {}
for at = 2, #KEYS do
  local cap = ARGV[at * 2 + 1]
  if cap ~= '' and counted(KEYS[at]) + tonumber(ARGV[1]) > tonumber(cap) then full[#full + 1] = at - 1 end
end
if #full > 0 then return full end
for at = 2, #KEYS do
  redis.call('HINCRBY', KEYS[at], 'reserved', ARGV[1])
  redis.call('PEXPIREAT', KEYS[at], ARGV[at * 2])
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PXAT', ARGV[3])
return full`);

/**
 * KEYS: reservation, counters. ARGV: what the call cost, or '' where nobody knows. A counter is always there: it expires
 * after every reservation in it.
 */
export const settleScript = script(`
local found = redis.call('GETDEL', KEYS[1])
if not found or ARGV[1] == '' then return 1 end
local given = string.match(found, '^%d+')
local back = given == '0' and '0' or '-' .. given
for at = 2, #KEYS do
  redis.call('HINCRBY', KEYS[at], 'reserved', back)
  redis.call('HINCRBY', KEYS[at], 'spent', ARGV[1])
end
return 1`);

/** KEYS: counters. Spent and reserved of each. */
export const usageScript = script(`
local amounts = {}
for _, key in ipairs(KEYS) do
  for _, amount in ipairs({ 'spent', 'reserved' }) do
    amounts[#amounts + 1] = redis.call('HGET', key, amount) or '0'
  end
end
return amounts`);
