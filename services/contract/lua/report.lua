-- The owner tells what happened: an event, and a field of the record unless its name is ''.
-- Answers as renew does.
local id, token, kind, data, field, value = unpack(ARGV)
if not owns(id, token) then
  return 'lost'
end
if field ~= '' then
  redis.call('HSET', record(id), field, value)
end
emit(id, kind, data)
if get(id, 'cancel_requested') == '1' then
  return 'cancel'
end
return 'ok'
