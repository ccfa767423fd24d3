-- The owner ends the job, once: 'ok' or 'lost'. `outcome` is what the event carries.
local id, token, status, outcome, result, artifacts, failure = unpack(ARGV, 1, 7)
local share, elapsed, settings, retimed, retention = unpack(ARGV, 8, 12)
if not owns(id, token) then
  local ended = get(id, 'status') == status and get(id, 'token') == token
  return ended and 'ok' or 'lost'
end
redis.call('HSET', record(id), 'result', result, 'artifacts', artifacts, 'error', failure)
if share ~= '' then
  local samples, level = PREFIX .. 'samples:' .. get(id, 'queue'), get(id, 'level')
  local response = now() - tonumber(get(id, 'created_at'))
  redis.call('XADD', samples, 'MAXLEN', '~', 500, '*', 'share', share, 'elapsed', elapsed,
    'kind', get(id, 'kind'),
    'level', level and cjson.decode(level).level.name or '', 'response', stamp(response),
    'predicted', get(id, 'predicted_seconds') or '', 'units', units(id), 'settings', settings,
    'retimed', retimed)
  redis.call('EXPIRE', samples, 86400)
end
emit(id, status, outcome)
retire(id, status, retention)
return 'ok'
