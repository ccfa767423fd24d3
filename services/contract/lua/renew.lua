-- The owner lives: 'ok', 'cancel' (somebody asked for it), or 'lost' (the job is another's now).
local id, token, lease = unpack(ARGV)
if not owns(id, token) then
  return 'lost'
end
redis.call('ZADD', running(get(id, 'queue')), stamp(now() + tonumber(lease)), id)
if get(id, 'cancel_requested') == '1' then
  return 'cancel'
end
return 'ok'
