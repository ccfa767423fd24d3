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
  redis.call('XADD', record(id) .. ':events', 'MAXLEN', '~', 500, '*', 'type', kind, 'data', data)
end

local function waiting(queue, priority)
  return PREFIX .. 'waiting:' .. queue .. ':' .. priority
end

local function running(queue)
  return PREFIX .. 'running:' .. queue
end

-- True while `token` still owns the running job.
local function owns(id, token)
  return get(id, 'status') == 'running' and get(id, 'token') == token
end

-- Ends a job for good: out of the queues, into the totals, and from now on mortal.
local function retire(id, status, retention)
  local queue, kind = get(id, 'queue'), get(id, 'kind')
  for _, priority in ipairs(PRIORITIES) do
    redis.call('ZREM', waiting(queue, priority), id)
  end
  redis.call('ZREM', running(queue), id)
  redis.call('HSET', record(id), 'status', status, 'finished_at', stamp(now()))
  redis.call('HINCRBY', PREFIX .. 'totals', kind .. ':' .. status, 1)
  for _, key in ipairs({record(id), record(id) .. ':events', record(id) .. ':children'}) do
    redis.call('EXPIRE', key, math.ceil(tonumber(retention)))
  end
end

local function fail(id, kind, message, retention)
  local failure = cjson.encode({type = kind, message = message})
  redis.call('HSET', record(id), 'error', failure)
  emit(id, 'failed', cjson.encode({error = {type = kind, message = message}}))
  retire(id, 'failed', retention)
end

-- Back among the waiting, in the place its age gives it.
local function requeue(id, reason)
  local queue = get(id, 'queue')
  redis.call('ZREM', running(queue), id)
  redis.call('ZADD', waiting(queue, get(id, 'priority')), get(id, 'created_at'), id)
  redis.call('HSET', record(id), 'status', 'queued', 'queued_at', stamp(now()), 'worker', '')
  emit(id, 'requeued', cjson.encode({reason = reason}))
end

local function depth()
  local total = 0
  for _, queue in ipairs({'stories', 'images'}) do
    total = total + redis.call('ZCARD', running(queue))
    for _, priority in ipairs(PRIORITIES) do
      total = total + redis.call('ZCARD', waiting(queue, priority))
    end
  end
  return total
end
