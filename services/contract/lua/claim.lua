-- A worker takes a queued job: its whole record, or nothing where the ticket has become void
-- (claimed, finished, cancelled or expired). A new token fences off every earlier owner.
local id, worker, lease, retention = unpack(ARGV)
if get(id, 'status') ~= 'queued' then
  return {}
end
local time, deadline = now(), get(id, 'deadline_at')
if deadline and tonumber(deadline) <= time then
  fail(id, 'deadline', 'the deadline passed while the job was waiting; allow more seconds', retention)
  return {}
end
local queue = get(id, 'queue')
for _, priority in ipairs(PRIORITIES) do
  redis.call('ZREM', waiting(queue, priority), id)
end
redis.call('ZADD', running(queue), stamp(time + tonumber(lease)), id)
redis.call('HINCRBY', record(id), 'attempts', 1)
redis.call('HINCRBY', record(id), 'token', 1)
redis.call('HSET', record(id), 'status', 'running', 'started_at', stamp(time), 'worker', worker,
  'progress', '')
emit(id, 'started', cjson.encode({worker = worker, attempt = tonumber(get(id, 'attempts'))}))
return redis.call('HGETALL', record(id))
