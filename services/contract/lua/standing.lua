-- Of each queue the level in force, the pin and a person's rules, as JSON: one string is read much
-- faster than many.
local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

local found = {}
for _, queue in ipairs({'stories', 'images'}) do
  local key = PREFIX .. 'policy:' .. queue
  local rules = redis.call('GET', key .. ':rules')
  found[queue] = {state = hash(key), pin = hash(key .. ':pin'), rules = rules}
end
return cjson.encode(found)
