-- The leader puts a level in force and renews its lease: the policy's version, or -1 when a later
-- leader has published. Only a change of level makes a new version, an event and a nudge.
local epoch, index, level, reason, lease, load = unpack(ARGV)
local key = PREFIX .. 'policy'
local current = redis.call('HGET', key, 'epoch')
if current and tonumber(current) > tonumber(epoch) then
  return -1
end
local time = now()
local version = tonumber(redis.call('HGET', key, 'version') or 0)
if redis.call('HGET', key, 'level') ~= level then
  version = version + 1
  redis.call('HSET', key, 'version', version, 'index', index, 'level', level, 'reason', reason,
    'since', stamp(time))
  redis.call('XADD', PREFIX .. 'policy:decisions', 'MAXLEN', '~', 1000, '*', 'version', version,
    'level', cjson.decode(level).name, 'reason', reason, 'load', load)
  redis.call('EXPIRE', PREFIX .. 'policy:decisions', 86400)
  redis.call('PUBLISH', PREFIX .. 'policy:changed', version)
end
redis.call('HSET', key, 'epoch', epoch, 'lease_until', stamp(time + tonumber(lease)))
redis.call('EXPIRE', key, 86400)
return version
