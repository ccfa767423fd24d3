-- Takes from a worker the jobs that wait for it: those assigned to it, and those whose tickets were
-- found in its queue and that no other worker has. Returns the ids that need a ticket.
local worker, seen, released = ARGV[1], {}, {}
local candidates = redis.call('SMEMBERS', assigned(worker))
for position = 2, #ARGV do
  table.insert(candidates, ARGV[position])
end
for _, id in ipairs(candidates) do
  local holder = get(id, 'assigned')
  local here = not holder or holder == worker
  if here and not seen[id] and get(id, 'status') == 'queued' then
    seen[id] = true
    unassign(id)
    table.insert(released, id)
  end
end
return released
