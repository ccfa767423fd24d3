-- Joined in front of every script. Keys are listed in keys.py; all times are this server's.
local PREFIX = 'storyteller:'
local PRIORITIES = {'high', 'normal', 'low'}

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function stamp(time)
  return string.format('%.6f', time)
end

local function record(id)
  return PREFIX .. 'job:' .. id
end

local function get(id, field)
  return redis.call('HGET', record(id), field)
end

local function emit(id, kind, data)
  return redis.call('XADD', record(id) .. ':events', 'MAXLEN', '~', 500, '*', 'type', kind,
    'data', data)
end

local function waiting(queue, priority)
  return PREFIX .. 'waiting:' .. queue .. ':' .. priority
end

local function running(queue)
  return PREFIX .. 'running:' .. queue
end

local function stations(queue)
  return PREFIX .. 'stations:' .. queue
end

local function assigned(worker)
  return PREFIX .. 'assigned:' .. worker
end

-- An unfinished job counts for one worker at most: the one whose own queue has its ticket, or the
-- one that runs it.
local function unassign(id)
  local worker = get(id, 'assigned')
  if worker then
    redis.call('SREM', assigned(worker), id)
    redis.call('HDEL', record(id), 'assigned')
  end
end

local function assign(id, worker)
  unassign(id)
  redis.call('SADD', assigned(worker), id)
  redis.call('HSET', record(id), 'assigned', worker)
end

-- True while `token` still owns the running job.
local function owns(id, token)
  return get(id, 'status') == 'running' and get(id, 'token') == token
end

local function leave_waiting(id)
  for _, priority in ipairs(PRIORITIES) do
    redis.call('ZREM', waiting(get(id, 'queue'), priority), id)
  end
  redis.call('ZREM', PREFIX .. 'deadlines', id)
end

local function enter_waiting(id)
  redis.call('ZADD', waiting(get(id, 'queue'), get(id, 'priority')), get(id, 'created_at'), id)
  if get(id, 'deadline_at') then
    redis.call('ZADD', PREFIX .. 'deadlines', get(id, 'deadline_at'), id)
  end
end

local function outstanding(queue)
  local total = redis.call('ZCARD', running(queue))
  for _, priority in ipairs(PRIORITIES) do
    total = total + redis.call('ZCARD', waiting(queue, priority))
  end
  return total
end

local function units(id)
  return tonumber(get(id, 'units') or 1)
end

-- A job of several pictures came (1) or ended (-1). An empty queue has none, whatever was counted.
local function count_sisters(id, sign)
  if units(id) > 1 then
    local queue = get(id, 'queue')
    local left = redis.call('INCRBY', PREFIX .. 'sisters:' .. queue, sign * (units(id) - 1))
    if left <= 0 or outstanding(queue) == 0 then
      redis.call('DEL', PREFIX .. 'sisters:' .. queue)
    end
  end
end

local cancel

local function cancel_children(id, retention)
  for _, child in ipairs(redis.call('SMEMBERS', record(id) .. ':children')) do
    cancel(child, retention)
  end
end

-- Ends a job for good: out of the queues, into the totals, and from now on mortal. Pictures that
-- nobody will bind any more are cancelled with it.
local function retire(id, status, retention)
  local kind = get(id, 'kind')
  leave_waiting(id)
  unassign(id)
  redis.call('ZREM', running(get(id, 'queue')), id)
  count_sisters(id, -1)
  cancel_children(id, retention)
  redis.call('HSET', record(id), 'status', status, 'finished_at', stamp(now()))
  redis.call('HINCRBY', PREFIX .. 'totals', kind .. ':' .. status, 1)
  for _, key in ipairs({record(id), record(id) .. ':events', record(id) .. ':children'}) do
    redis.call('EXPIRE', key, math.ceil(tonumber(retention)))
  end
end

-- Ends a waiting job at once, asks a running one to stop; its children likewise.
-- Answers 'cancelled', 'cancelling', 'finished' or 'unknown', and the same when repeated.
cancel = function(id, retention)
  local status = get(id, 'status')
  if not status then
    return 'unknown'
  end
  if status == 'queued' then
    emit(id, 'cancelled', '{}')
    retire(id, 'cancelled', retention)
    return 'cancelled'
  end
  if status ~= 'running' then
    return status == 'cancelled' and 'cancelled' or 'finished'
  end
  cancel_children(id, retention)
  if get(id, 'cancel_requested') ~= '1' then
    redis.call('HSET', record(id), 'cancel_requested', 1)
    emit(id, 'cancelling', '{}')
  end
  return 'cancelling'
end

local function fail(id, kind, message, retention)
  local failure = cjson.encode({type = kind, message = message})
  redis.call('HSET', record(id), 'error', failure)
  emit(id, 'failed', cjson.encode({error = {type = kind, message = message}}))
  retire(id, 'failed', retention)
end

local function fail_late(id, retention)
  local told = 'the deadline passed while the job was waiting; allow more seconds'
  fail(id, 'deadline', told, retention)
end

-- Back among the waiting, in the place its age gives it.
local function requeue(id, reason)
  redis.call('ZREM', running(get(id, 'queue')), id)
  enter_waiting(id)
  redis.call('HSET', record(id), 'status', 'queued', 'queued_at', stamp(now()), 'worker', '')
  emit(id, 'requeued', cjson.encode({reason = reason}))
end

local function depth()
  return outstanding('stories') + outstanding('images')
end
