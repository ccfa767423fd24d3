-- Low rises to normal after `seconds` of waiting, normal to high after twice as long. Returns the
-- ids that need a ticket in their new place.
local seconds = tonumber(ARGV[1])
local lifted = {}
for _, queue in ipairs({'stories', 'images'}) do
  for step = 2, 3 do
    local from, to = PRIORITIES[step], PRIORITIES[step - 1]
    local old = redis.call('ZRANGEBYSCORE', waiting(queue, from), '-inf',
      stamp(now() - seconds * (4 - step)), 'LIMIT', 0, 100)
    for _, id in ipairs(old) do
      redis.call('ZREM', waiting(queue, from), id)
      redis.call('ZADD', waiting(queue, to), get(id, 'created_at'), id)
      redis.call('HSET', record(id), 'priority', to)
      emit(id, 'lifted', cjson.encode({priority = to}))
      table.insert(lifted, id)
    end
  end
end
return lifted
