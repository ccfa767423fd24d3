-- A waiting job joins the shortest queue: of the live workers with a queue of their own, the one
-- with the fewest unfinished jobs, this one left out. `draw` (from 0, below 1) chooses among
-- equals.
-- Returns that worker, or '' where there is none or the job does not wait.
local id, horizon, draw = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if get(id, 'status') ~= 'queued' then
  return ''
end
unassign(id)
local queue, since = get(id, 'queue'), now() - horizon
local fewest, shortest = math.huge, {}
for _, worker in ipairs(redis.call('ZRANGE', stations(queue), 0, -1)) do
  local seen = redis.call('ZSCORE', PREFIX .. 'workers:' .. queue, worker)
  if seen and tonumber(seen) >= since then
    local count = redis.call('SCARD', assigned(worker))
    if count < fewest then
      fewest, shortest = count, {}
    end
    if count == fewest then
      table.insert(shortest, worker)
    end
  end
end
local chosen = shortest[math.floor(draw * #shortest) + 1]
if not chosen then
  return ''
end
assign(id, chosen)
return chosen
