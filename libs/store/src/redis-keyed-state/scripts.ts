import { hash } from 'node:crypto';

/** A Lua script: the server runs it as a whole, and writes its effects to the append-only file as a whole. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: hash('sha1', lua) });

/**
 * Versions and fences are greater than all before: than the last one of the shard, should the clock go back, and than
 * the microsecond, should the last ones be lost with the server's disk. So whoever remembers a number that was lost
 * never finds it given to something else.
 */
const numbersAndTime = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local function lastNumber(key)
  return math.max(time[1] * 1000000 + time[2], tonumber(redis.call('GET', key)) or 0)
end
local function text(number) return string.format('%.0f', number) end`;

/** Entries are '<version>:<value>', claims '<fence> <end of the lease>' and then '<fence>=<result>'. */
const numberOf = `
local function numberOf(key) return string.match(redis.call('GETRANGE', key, 0, 16), '^%d+') end`;

/**
 * KEYS: numbers, alarms, payloads, then the entry of each put and delete. ARGV, for each change: 'put', expected version
 * or '', milliseconds to live or '', value; or 'delete'; or 'arm', name, time, payload; or 'disarm', name.
 * The versions of the puts, or the place and version of the entry that has another version.
 */
export const writeScript = script(`${numbersAndTime}${numberOf}
local width = { put = 4, delete = 1, arm = 4, disarm = 2 }
local function changes(visit)
  local at, entry = 1, 4
  while at <= #ARGV do
    local kind = ARGV[at]
    local verdict = visit(kind, at, KEYS[entry])
    if verdict then return verdict end
    if kind == 'put' or kind == 'delete' then entry = entry + 1 end
    at = at + width[kind]
  end
end
local conflict = changes(function(kind, at, entry)
  if kind ~= 'put' or ARGV[at + 1] == '' then return nil end
  local version = numberOf(entry) or '0'
  if version ~= ARGV[at + 1] then return entry .. ' has version ' .. version .. ', not ' .. ARGV[at + 1] end
end)
if conflict then return conflict end
local versions = {}
local number
changes(function(kind, at, entry)
  if kind == 'put' then
    number = (number or lastNumber(KEYS[1])) + 1
    versions[#versions + 1] = number
    local value = text(number) .. ':' .. ARGV[at + 3]
    if ARGV[at + 2] == '' then redis.call('SET', entry, value)
    else redis.call('SET', entry, value, 'PX', ARGV[at + 2]) end
  elseif kind == 'delete' then
    redis.call('DEL', entry)
  elseif kind == 'arm' then
    redis.call('ZADD', KEYS[2], ARGV[at + 2], ARGV[at + 1])
    redis.call('HSET', KEYS[3], ARGV[at + 1], ARGV[at + 3])
  else
    redis.call('ZREM', KEYS[2], ARGV[at + 1])
    redis.call('HDEL', KEYS[3], ARGV[at + 1])
  end
end)
if number then redis.call('SET', KEYS[1], text(number)) end
return versions`);

/**
 * KEYS: claim, numbers. ARGV: lease, milliseconds that an abandoned claim is kept. A result as bytes, the end of someone
 * else's lease as a number, or the new fence in a list.
 */
export const claimScript = script(`${numbersAndTime}
local held = redis.call('GET', KEYS[1])
if held then
  local _, last, mark = string.find(held, '^%d+([= ])')
  local rest = string.sub(held, last + 1)
  if mark == '=' then return rest end
  if tonumber(rest) > nowMs then return tonumber(rest) end
end
local fence = lastNumber(KEYS[2]) + 1
redis.call('SET', KEYS[2], text(fence))
redis.call('SET', KEYS[1], text(fence) .. ' ' .. text(nowMs + ARGV[1]), 'PX', ARGV[1] + ARGV[2])
return { fence }`);

/** KEYS: claim. ARGV: fence, result, milliseconds to live. 1, or 0 where the fence is not the newest. */
export const completeScript = script(`${numberOf}
if numberOf(KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. '=' .. ARGV[2], 'PX', ARGV[3])
return 1`);

const isPending = `
local function isPending(key, fence)
  return string.match(redis.call('GETRANGE', key, 0, 17), '^(%d+) ') == fence
end`;

/** KEYS: claim. ARGV: fence, lease, milliseconds that an abandoned claim is kept. 1, or 0 where it is not the owner's. */
export const renewScript = script(`${numbersAndTime}${isPending}
if not isPending(KEYS[1], ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. text(nowMs + ARGV[2]), 'PX', ARGV[2] + ARGV[3])
return 1`);

/** KEYS: claim. ARGV: fence. */
export const releaseScript = script(`${isPending}
if isPending(KEYS[1], ARGV[1]) then redis.call('DEL', KEYS[1]) end
return 1`);

/**
 * KEYS: alarms and payloads of each shard. ARGV: time, how many of a shard at most. For each shard name, time and payload
 * of each alarm, oldest first.
 */
export const dueScript = script(`
local pages = {}
for shard = 1, #KEYS, 2 do
  local due = redis.call('ZRANGE', KEYS[shard], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
  local alarms = {}
  for at = 1, #due, 2 do
    alarms[#alarms + 1] = due[at]
    alarms[#alarms + 1] = due[at + 1]
    alarms[#alarms + 1] = redis.call('HGET', KEYS[shard + 1], due[at])
  end
  pages[#pages + 1] = alarms
end
return pages`);
