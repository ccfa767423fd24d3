-- The owner stops before the job is done, through no fault of the job's: 'ok' or 'lost'.
-- The attempt does not count. The job stays assigned: its ticket returns to where it came from. A
-- job that was to be cancelled is left for reclaim to end.
local id, token, reason = unpack(ARGV)
if not owns(id, token) then
  local back = get(id, 'status') == 'queued' and get(id, 'token') == token
  return back and 'ok' or 'lost'
end
if get(id, 'cancel_requested') == '1' then
  redis.call('ZADD', running(get(id, 'queue')), stamp(now()), id)
  return 'ok'
end
redis.call('HINCRBY', record(id), 'attempts', -1)
requeue(id, reason)
return 'ok'
