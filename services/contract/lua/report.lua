-- The owner tells what happened: an event, and a field of the record unless its name is ''.
-- Answers as renew does. `nonce` names the call: sent again, it adds no second event.
local id, token, kind, data, field, value, nonce = unpack(ARGV)
if not owns(id, token) then
  return 'lost'
end
if get(id, 'reported') ~= nonce then
  redis.call('HSET', record(id), 'reported', nonce)
  if field ~= '' then
    redis.call('HSET', record(id), field, value)
  end
  emit(id, kind, data)
end
if get(id, 'cancel_requested') == '1' then
  return 'cancel'
end
return 'ok'
