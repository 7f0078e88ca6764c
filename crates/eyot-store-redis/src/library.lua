-- What is done with the keys of one session, or of one parked call. All keys of a call of this library
-- are of one slot, and all are declared. Replies begin with a word: what became of it.
--
-- Numbers come and go as decimal text: those of Lua are exact up to 2^53 only.

local ops = {}

-- How long a key outlives what it holds, if nobody sweeps it before: a day.
local SPARE_MS = 86400000
-- Keys are given more time when the end of their session has moved by so much: an hour.
local RENEWAL_MS = 3600000

local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

-- Whether the place (a, b) is before the place (c, d).
local function before(a, b, c, d)
  return less(a, c) or (a == c and less(b, d))
end

-- Redis forgets the key some time after `at_ms`. A time that is over already is that of somebody
-- who sweeps by a clock of his own.
local function spare(key, at_ms)
  local time = redis.call('TIME')
  local at = tonumber(at_ms)
  if at > time[1] * 1000 and at < 9007199254740992 then
    redis.call('PEXPIREAT', key, string.format('%.0f', at + SPARE_MS))
  else
    redis.call('PERSIST', key)
  end
end

local function put(key, from, argv, to)
  for at = from, to, 2 do
    redis.call('HSET', key, argv[at], argv[at + 1])
  end
end

local function loaded(head, items)
  return {'OK', redis.call('HGETALL', head), redis.call('HGETALL', items)}
end

-- A session: its head, its items, its streams, its finished streams.
function ops.create(keys, argv)
  local head, items, streams, finished = keys[1], keys[2], keys[3], keys[4]
  if redis.call('EXISTS', head) == 1 then return {'CONFLICT'} end
  redis.call('DEL', items, streams, finished)
  local fields = tonumber(argv[2])
  put(head, 3, argv, 2 + fields)
  put(items, 3 + fields, argv, #argv)
  spare(head, argv[1])
  spare(items, argv[1])
  return {'OK'}
end

function ops.load(keys)
  if redis.call('EXISTS', keys[1]) == 0 then return {'NONE'} end
  return loaded(keys[1], keys[2])
end

function ops.claim(keys, argv)
  local head = keys[1]
  local known = redis.call('HMGET', head, 'exp', 'prin', 'fence')
  if not known[1] or not less(argv[1], known[1]) then return {'NONE'} end
  local principal = argv[2] == '1' and argv[3]
  if known[2] ~= principal then return {'NONE'} end
  if argv[5] ~= '' and argv[5] ~= known[3] then return {'CONFLICT'} end
  redis.call('HINCRBY', head, 'fence', 1)
  redis.call('HSET', head, 'own', argv[4])
  return loaded(head, keys[2])
end

-- What is wrong with a write of the owner with this fence, if anything is.
local function refusal(head, fence)
  local current = redis.call('HGET', head, 'fence')
  if not current then return {'NONE'} end
  if current ~= fence then return {'FENCED'} end
end

function ops.release(keys, argv)
  local refused = refusal(keys[1], argv[1])
  if refused then return refused end
  redis.call('HDEL', keys[1], 'own')
  return {'OK'}
end

function ops.update(keys, argv)
  local refused = refusal(keys[1], argv[1])
  if refused then return refused end
  redis.call('HSET', keys[1], 'v', argv[2], 'st', argv[3])
  return {'OK'}
end

function ops.items(keys, argv)
  local refused = refusal(keys[1], argv[1])
  if refused then return refused end
  for at = 2, #argv, 3 do
    if argv[at] == '+' then
      redis.call('HSET', keys[2], argv[at + 1], argv[at + 2])
    else
      redis.call('HDEL', keys[2], argv[at + 1])
    end
  end
  spare(keys[2], redis.call('HGET', keys[1], 'exp'))
  return {'OK'}
end

-- Replies with the streams whose keys need more time.
function ops.touch(keys, argv)
  local head = keys[1]
  local known = redis.call('HGET', head, 'exp')
  if not known or not less(known, argv[1]) then return {'OK'} end
  redis.call('HSET', head, 'exp', argv[1])
  spare(head, argv[1])
  if math.floor(known / RENEWAL_MS) == math.floor(argv[1] / RENEWAL_MS) then return {'OK'} end
  for at = 2, 4 do spare(keys[at], argv[1]) end
  return {'OK', unpack(redis.call('HKEYS', keys[3]))}
end

function ops.spare(keys, argv)
  for _, key in ipairs(keys) do spare(key, argv[1]) end
  return {'OK'}
end

local function forget_all(keys)
  local streams = redis.call('HKEYS', keys[3])
  redis.call('DEL', unpack(keys))
  return streams
end

-- Replies with the streams whose keys are of no use now.
function ops.remove(keys)
  local word = redis.call('EXISTS', keys[1]) == 1 and 'OK' or 'NONE'
  return {word, unpack(forget_all(keys))}
end

local function forget(keys, member)
  local no = tostring(tonumber(member))
  local stream = redis.call('HGET', keys[3], no)
  redis.call('ZREM', keys[4], member)
  redis.call('HDEL', keys[3], no)
  if stream then redis.call('HINCRBY', keys[1], 'fb', 0 - cmsgpack.unpack(stream)[7]) end
  return no
end

-- What is due in a session: its end, and that of streams that ended before. Replies with the times when
-- it is due again, and the streams that are forgotten.
function ops.sweep(keys, argv)
  local now, may_end = argv[1], argv[2] == '1'
  local ends = redis.call('HGET', keys[1], 'exp')
  if not ends then return {'NONE', '', '', unpack(forget_all(keys))} end
  if not less(now, ends) and may_end then return {'ENDED', '', '', unpack(forget_all(keys))} end
  local forgotten = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', keys[4], '-inf', now)) do
    forgotten[#forgotten + 1] = forget(keys, member)
  end
  local next_end = redis.call('ZRANGE', keys[4], 0, 0, 'WITHSCORES')[2] or ''
  return {'OK', ends, next_end, unpack(forgotten)}
end

-- Drops what was kept of a stream, unless a stream of its number is there again.
function ops.drop(keys, argv)
  if redis.call('HEXISTS', keys[1], argv[1]) == 0 then redis.call('UNLINK', keys[2], keys[3]) end
  return {'OK'}
end

-- A stream as it is kept, by place.
local KIND, REQUEST, TOP_FENCE, TOP_SEQ, CUT_FENCE, CUT_SEQ, BYTES, ENDS, FIRST_OF, FIRST =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10

local function note(key, upstream, cursor)
  if upstream ~= '' then redis.call('HSET', key, upstream, cursor) end
end

-- Drops the oldest events, down to the bounds; the newest stays.
local function trim(key, stream, events_max, bytes_max)
  local count = redis.call('XLEN', key)
  local from = '-'
  local oldest = {}
  local at = 1
  while count > 1 and (count > events_max or stream[BYTES] > bytes_max) do
    if at > #oldest then
      oldest = redis.call('XRANGE', key, from, '+', 'COUNT', 64)
      at = 1
    end
    local id, fields = oldest[at][1], oldest[at][2]
    local fence, seq = string.match(id, '^(%d+)-(%d+)$')
    stream[CUT_FENCE], stream[CUT_SEQ] = fence, seq
    stream[BYTES] = stream[BYTES] - #fields[2]
    from = '(' .. id
    at = at + 1
    count = count - 1
  end
  if from ~= '-' then redis.call('XTRIM', key, 'MAXLEN', count) end
end

local function finish(keys, no, stream, streams_max, bytes_max)
  local head, finished = keys[1], keys[4]
  redis.call('ZADD', finished, stream[ENDS], string.format('%010.0f', tonumber(no)))
  local bytes = redis.call('HINCRBY', head, 'fb', stream[BYTES])
  local count = redis.call('ZCARD', finished)
  local forgotten = {}
  while count > 1 and (count > streams_max or bytes > bytes_max) do
    local oldest = redis.call('ZRANGE', finished, 0, 0)[1]
    forgotten[#forgotten + 1] = forget(keys, oldest)
    bytes = tonumber(redis.call('HGET', head, 'fb'))
    count = count - 1
  end
  return forgotten
end

-- keys: head, items, streams, finished, events, cursors. Replies with the streams that are forgotten.
function ops.write(keys, argv)
  local head, streams, events, cursors = keys[1], keys[3], keys[5], keys[6]
  local fence, no, is_new, ends, is_only_end, ascends =
    argv[1], argv[2], argv[3] == '1', argv[4], argv[5] == '1', argv[6] == '1'
  local refused = refusal(head, fence)
  if refused then return refused end
  local known = redis.call('HGET', streams, no)
  local stream
  if known then
    stream = cmsgpack.unpack(known)
    if stream[ENDS] ~= '' then return {is_only_end and 'OK' or 'CONFLICT'} end
  elseif is_new then
    stream = {argv[11], argv[12], '0', '0', '0', '0', 0, '', argv[13], argv[14]}
  else
    return {'NONE'}
  end
  local has_events = #argv > 14
  local is_first = has_events and stream[TOP_FENCE] == '0' and stream[TOP_SEQ] == '0'
  if has_events then
    local follows = before(stream[TOP_FENCE], stream[TOP_SEQ], argv[15], argv[16])
    if not (ascends and follows) then return {'CONFLICT'} end
  end
  if not known then
    redis.call('DEL', events, cursors)
    note(cursors, stream[FIRST_OF], stream[FIRST])
    if tonumber(redis.call('HGET', head, 'next')) <= tonumber(no) then
      redis.call('HSET', head, 'next', string.format('%.0f', no + 1))
    end
  end
  for at = 15, #argv, 5 do
    local id = argv[at] .. '-' .. argv[at + 1]
    local data, upstream, cursor = argv[at + 2], argv[at + 3], argv[at + 4]
    redis.call('XADD', events, id, 'd', data, 'n', upstream, 'c', cursor)
    note(cursors, upstream, cursor)
    stream[BYTES] = stream[BYTES] + #data
    stream[TOP_FENCE], stream[TOP_SEQ] = argv[at], argv[at + 1]
  end
  if has_events then trim(events, stream, tonumber(argv[7]), tonumber(argv[8])) end
  stream[ENDS] = ends
  redis.call('HSET', streams, no, cmsgpack.pack(stream))
  local forgotten = {}
  if ends ~= '' then
    forgotten = finish(keys, no, stream, tonumber(argv[9]), tonumber(argv[10]))
    spare(keys[4], redis.call('HGET', head, 'exp'))
    spare(events, ends)
    spare(cursors, ends)
  elseif not known or is_first then
    local session_ends = redis.call('HGET', head, 'exp')
    for _, at in ipairs({3, 5, 6}) do spare(keys[at], session_ends) end
  end
  return {'OK', unpack(forgotten)}
end

-- keys: streams, events, cursors. `argv`: the stream, the place that was seen, the first place that was
-- not (empty: there is none), how many.
function ops.read(keys, argv)
  local known = redis.call('HGET', keys[1], argv[1])
  if not known then return {'NONE'} end
  local stream = cmsgpack.unpack(known)
  if before(argv[2], argv[3], stream[CUT_FENCE], stream[CUT_SEQ]) then
    return {'TRIMMED', stream[CUT_FENCE], stream[CUT_SEQ]}
  end
  local entries = {}
  if argv[4] ~= '' and argv[5] ~= '0' then
    entries = redis.call('XRANGE', keys[2], argv[4], '+', 'COUNT', argv[5])
  end
  local last_fence, last_seq = argv[2], argv[3]
  if #entries > 0 then
    last_fence, last_seq = string.match(entries[#entries][1], '^(%d+)-(%d+)$')
  end
  local is_whole = not before(last_fence, last_seq, stream[TOP_FENCE], stream[TOP_SEQ])
  local is_end = stream[ENDS] ~= '' and is_whole
  return {
    'OK', stream[KIND], stream[REQUEST], stream[FIRST_OF], stream[FIRST], is_end and '1' or '0',
    entries, redis.call('HGETALL', keys[3])
  }
end

-- keys: all leases. A lease is one field: its end by the clock of the server, its name, and what it says.
local function ends_and_name(value)
  local ends, size, rest = string.match(value, '^(%d+) (%d+) (.*)$')
  return tonumber(ends), string.sub(rest, 1, tonumber(size)), string.sub(rest, tonumber(size) + 1)
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

function ops.renew(keys, argv)
  local node, name, says, time_ms = argv[1], argv[2], argv[3], tonumber(argv[4])
  local now = now_ms()
  local known = redis.call('HGETALL', keys[1])
  for at = 1, #known, 2 do
    local ends, other = ends_and_name(known[at + 1])
    if ends <= now or (name ~= '' and other == name) then redis.call('HDEL', keys[1], known[at]) end
  end
  local value = string.format('%.0f %d ', now + time_ms, #name) .. name .. says
  redis.call('HSET', keys[1], node, value)
  return {'OK'}
end

function ops.leases(keys)
  local now, found = now_ms(), {'OK'}
  local known = redis.call('HGETALL', keys[1])
  for at = 1, #known, 2 do
    local ends, name, says = ends_and_name(known[at + 1])
    if ends > now then
      for _, value in ipairs({known[at], name, says}) do found[#found + 1] = value end
    end
  end
  return found
end

function ops.end_lease(keys, argv)
  redis.call('HDEL', keys[1], argv[1])
  return {'OK'}
end

-- A parked call.
local function parked_refusal(key, fence)
  local current = redis.call('HGET', key, 'fence')
  if current and current ~= fence then return {'FENCED'} end
end

function ops.park(keys, argv)
  local refused = parked_refusal(keys[1], argv[1])
  if refused then return refused end
  redis.call('HSET', keys[1], 'fence', argv[1], 'exp', argv[2], 'what', argv[3])
  spare(keys[1], argv[2])
  return {'OK'}
end

function ops.take_over(keys, argv)
  local known = redis.call('HMGET', keys[1], 'exp', 'what')
  if not known[1] or not less(argv[1], known[1]) then return {'NONE'} end
  local fence = redis.call('HINCRBY', keys[1], 'fence', 1)
  return {'OK', string.format('%.0f', fence), known[1], known[2]}
end

function ops.unpark(keys, argv)
  local refused = parked_refusal(keys[1], argv[1])
  if refused then return refused end
  redis.call('DEL', keys[1])
  return {'OK'}
end

function ops.sweep_parked(keys, argv)
  local ends = redis.call('HGET', keys[1], 'exp')
  if ends and less(argv[1], ends) then return {'OK', ends} end
  redis.call('DEL', keys[1])
  return {'NONE', ''}
end
