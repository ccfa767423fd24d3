-- Ends a waiting job at once, asks a running one to stop, and does the same to its children.
-- Answers 'cancelled', 'cancelling', 'finished' or 'unknown'.
local id, retention = unpack(ARGV)

local function cancel(target)
  local status = get(target, 'status')
  if not status then
    return 'unknown'
  end
  if status == 'queued' then
    emit(target, 'cancelled', '{}')
    retire(target, 'cancelled', retention)
    return 'cancelled'
  end
  if status ~= 'running' then
    return 'finished'
  end
  if get(target, 'cancel_requested') ~= '1' then
    redis.call('HSET', record(target), 'cancel_requested', 1)
    emit(target, 'cancelling', '{}')
  end
  return 'cancelling'
end

for _, child in ipairs(redis.call('SMEMBERS', record(id) .. ':children')) do
  cancel(child)
end
return cancel(id)
