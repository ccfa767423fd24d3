-- The owner cancels its job's children, except those it names: 'ok' or 'lost'.
local id, token, retention = unpack(ARGV, 1, 3)
local wanted = {}
for position = 4, #ARGV do
  wanted[ARGV[position]] = true
end
if not owns(id, token) then
  return 'lost'
end
for _, child in ipairs(redis.call('SMEMBERS', record(id) .. ':children')) do
  if not wanted[child] then
    cancel(child, retention)
  end
end
return 'ok'
