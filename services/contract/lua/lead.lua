-- Become or stay the one controller that leads: its epoch, or 0 while another leads.
local controller, seconds = unpack(ARGV)
local key, epoch = PREFIX .. 'leader', PREFIX .. 'policy:epoch'
local leader = redis.call('GET', key)
if leader == controller then
  redis.call('EXPIRE', key, seconds)
  return tonumber(redis.call('GET', epoch))
end
if leader then
  return 0
end
redis.call('SET', key, controller, 'EX', seconds)
return redis.call('INCR', epoch)
