-- The owner tells what happened: an event, and a field of the record unless its name is ''.
-- Answers as renew does. `nonce` names the call: sent again, it adds no second event.
local id, token, kind, data, field, value, nonce = unpack(ARGV)

-- Progress comes several times a second; kept in full, it would push the pages out of the stream.
local function supersede_progress(id, event)
  local before = get(id, 'progress_event')
  if before then
    redis.call('XDEL', record(id) .. ':events', before)
  end
  redis.call('HSET', record(id), 'progress_event', event)
end

if not owns(id, token) then
  return 'lost'
end
if get(id, 'reported') ~= nonce then
  redis.call('HSET', record(id), 'reported', nonce)
  if field ~= '' then
    redis.call('HSET', record(id), field, value)
  end
  local event = emit(id, kind, data)
  if kind == 'progress' then
    supersede_progress(id, event)
  end
end
if get(id, 'cancel_requested') == '1' then
  return 'cancel'
end
return 'ok'
