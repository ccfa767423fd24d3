-- The owner ends the job, once: 'ok' or 'lost'. `outcome` is what the event carries.
local id, token, status, outcome, result, artifacts, failure, service, retention = unpack(ARGV)
if not owns(id, token) then
  local ended = get(id, 'status') == status and get(id, 'token') == token
  return ended and 'ok' or 'lost'
end
redis.call('HSET', record(id), 'result', result, 'artifacts', artifacts, 'error', failure)
if service ~= '' then
  local recent = PREFIX .. 'service:' .. get(id, 'queue')
  redis.call('LPUSH', recent, service)
  redis.call('LTRIM', recent, 0, 49)
  redis.call('EXPIRE', recent, 86400)
end
emit(id, status, outcome)
retire(id, status, retention)
return 'ok'
