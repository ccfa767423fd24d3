-- What is outstanding, in one round trip, as JSON: exact, because every transition keeps the sets.
local window, horizon = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = now()
local load = {now = time, queues = {}}

local function oldest(queue)
  local first = time
  for _, priority in ipairs(PRIORITIES) do
    local head = redis.call('ZRANGE', waiting(queue, priority), 0, 0, 'WITHSCORES')
    if head[2] then
      first = math.min(first, tonumber(head[2]))
    end
  end
  return time - first
end

-- Of a story or picture. The fields of a sample are in the order in which finish.lua adds them.
local function mean_share(queue)
  local samples = redis.call('XREVRANGE', PREFIX .. 'samples:' .. queue, '+', '-', 'COUNT', 50)
  local sum, done = 0, 0
  for _, sample in ipairs(samples) do
    sum, done = sum + tonumber(sample[2][2]), done + tonumber(sample[2][14] or 1)
  end
  return done > 0 and sum / done or 0
end

-- Books that are written, and wait for their pictures.
local function drawing(queue)
  local count = 0
  for _, id in ipairs(redis.call('ZRANGE', running(queue), 0, -1)) do
    count = count + math.min(redis.call('HSTRLEN', record(id), 'result'), 1)
  end
  return count
end

for _, queue in ipairs({'stories', 'images'}) do
  local count, by_priority = 0, {}
  for _, priority in ipairs(PRIORITIES) do
    by_priority[priority] = redis.call('ZCARD', waiting(queue, priority))
    count = count + by_priority[priority]
  end
  load.queues[queue] = {
    waiting = count,
    by_priority = by_priority,
    running = redis.call('ZCARD', running(queue)),
    drawing = drawing(queue),
    sisters = tonumber(redis.call('GET', PREFIX .. 'sisters:' .. queue) or 0),
    oldest_age = oldest(queue),
    service_mean = mean_share(queue),
    arrivals = tonumber(redis.call('GET', PREFIX .. 'arrivals:' .. queue) or 0),
    workers = redis.call('ZCOUNT', PREFIX .. 'workers:' .. queue, stamp(time - horizon), '+inf'),
  }
end
local arrivals = redis.call('ZCOUNT', PREFIX .. 'jobs', stamp(time - window), '+inf')
load.arrival_rate = arrivals / window
return cjson.encode(load)
