-- Become or stay the one controller that leads: its epoch, or 0 while another leads.
local controller, epoch, seconds = unpack(ARGV)
local key = PREFIX .. 'leader'
local leader = redis.call('GET', key)
if leader == controller and epoch ~= '0' then
  redis.call('EXPIRE', key, seconds)
  return tonumber(epoch)
end
if leader then
  return 0
end
redis.call('SET', key, controller, 'EX', seconds)
return redis.call('INCR', PREFIX .. 'policy:epoch')
