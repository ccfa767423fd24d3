-- The leader puts a level in force and renews its lease: the policy's version, or -1 when a later
-- leader has come. Only a new level or a new reason makes a new version, an event and a nudge.
local epoch, queue, index, level, reason, lease, load = unpack(ARGV)
local key = PREFIX .. 'policy:' .. queue
if tonumber(redis.call('GET', PREFIX .. 'policy:epoch') or 0) > tonumber(epoch) then
  return -1
end
local time = now()
local version = tonumber(redis.call('HGET', key, 'version') or 0)
local old = redis.call('HMGET', key, 'index', 'level', 'reason')
local moved = old[1] ~= index or old[2] ~= level
if moved then
  redis.call('HSET', key, 'index', index, 'level', level, 'since', stamp(time))
end
if moved or old[3] ~= reason then
  version = version + 1
  redis.call('HSET', key, 'version', version, 'reason', reason)
  redis.call('XADD', PREFIX .. 'policy:decisions', 'MAXLEN', '~', 1000, '*', 'queue', queue,
    'version', version, 'level', cjson.decode(level).name, 'reason', reason, 'load', load)
  redis.call('EXPIRE', PREFIX .. 'policy:decisions', 86400)
  redis.call('PUBLISH', PREFIX .. 'policy:changed', queue)
end
redis.call('HSET', key, 'epoch', epoch, 'lease_until', stamp(time + tonumber(lease)))
redis.call('EXPIRE', key, 86400)
redis.call('EXPIRE', PREFIX .. 'policy:applied', 86400)
return version
