-- A request becomes a job: 'accepted', 'known' (same id or Idempotency-Key), 'full' (both queues
-- together), 'queue-full', or 'orphan' (the parent has ended). Safe to repeat. Returns {outcome, id,
-- digest}.
local id, kind, queue, priority, request, digest = unpack(ARGV, 1, 6)
local capacity, deadline, parent, idempotency, retention = unpack(ARGV, 7, 11)
local predicted, queue_capacity, pictures = ARGV[12], tonumber(ARGV[13]), ARGV[14]

local remembered = PREFIX .. 'idempotency:' .. idempotency
if idempotency ~= '' and redis.call('EXISTS', remembered) == 1 then
  return {'known', redis.call('HGET', remembered, 'id'), redis.call('HGET', remembered, 'digest')}
end
if redis.call('EXISTS', record(id)) == 1 then
  return {'known', id, digest}
end
local gone = get(parent, 'status') ~= 'running' or get(parent, 'cancel_requested') == '1'
if parent ~= '' and gone then
  return {'orphan', parent, digest}
end
if parent == '' and depth() >= tonumber(capacity) then
  return {'full', id, digest}
end
if parent == '' and queue_capacity and outstanding(queue) >= queue_capacity then
  return {'queue-full', id, digest}
end

local created = stamp(now())
redis.call('HSET', record(id), 'id', id, 'kind', kind, 'queue', queue, 'status', 'queued',
  'priority', priority, 'request', request, 'created_at', created, 'queued_at', created,
  'attempts', 0, 'token', 0, 'parent', parent, 'predicted_seconds', predicted, 'units', pictures)
redis.call('INCRBY', PREFIX .. 'arrivals:' .. queue, pictures)
if deadline ~= '' then
  redis.call('HSET', record(id), 'deadline_at', stamp(tonumber(created) + tonumber(deadline)))
end
enter_waiting(id)
count_sisters(id, 1)
redis.call('ZADD', PREFIX .. 'jobs', created, id)
if parent ~= '' then
  redis.call('SADD', record(parent) .. ':children', id)
end
if idempotency ~= '' then
  redis.call('HSET', remembered, 'id', id, 'digest', digest)
  redis.call('EXPIRE', remembered, math.ceil(tonumber(retention)))
end
emit(id, 'queued', cjson.encode({kind = kind, priority = priority}))
return {'accepted', id, digest}
