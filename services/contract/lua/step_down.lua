-- Let another controller lead at once, if this one does.
local controller = ARGV[1]
if redis.call('GET', PREFIX .. 'leader') == controller then
  redis.call('DEL', PREFIX .. 'leader')
end
return 0
