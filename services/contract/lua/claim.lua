-- A worker takes a queued job: its whole record, or nothing where the ticket has become void
-- (claimed, finished, cancelled or expired). A new token fences off every earlier owner. `nonce`
-- names the call, so that one whose answer was lost may be sent again.
local id, worker, lease, retention, nonce = unpack(ARGV)
if get(id, 'status') == 'running' and get(id, 'claim') == nonce then
  return redis.call('HGETALL', record(id))
end
if get(id, 'status') ~= 'queued' then
  return {}
end
local time, deadline = now(), get(id, 'deadline_at')
if deadline and tonumber(deadline) <= time then
  fail_late(id, retention)
  return {}
end
leave_waiting(id)
if redis.call('ZSCORE', stations(get(id, 'queue')), worker) then
  assign(id, worker)
else
  unassign(id)
end
redis.call('ZADD', running(get(id, 'queue')), stamp(time + tonumber(lease)), id)
redis.call('HINCRBY', record(id), 'attempts', 1)
redis.call('HINCRBY', record(id), 'token', 1)
redis.call('HSET', record(id), 'status', 'running', 'started_at', stamp(time), 'worker', worker,
  'claim', nonce, 'progress', '')
emit(id, 'started', cjson.encode({worker = worker, attempt = tonumber(get(id, 'attempts'))}))
return redis.call('HGETALL', record(id))
