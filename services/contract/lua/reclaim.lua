-- Jobs whose owner fell silent: back among the waiting, or ended when they were to be cancelled or
-- have had their attempts. Waiting jobs whose deadline has passed fail, even where no worker comes.
-- Returns the ids that need a ticket.
local attempts, retention = unpack(ARGV)
local requeued = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', PREFIX .. 'deadlines', '-inf', stamp(now()),
  'LIMIT', 0, 100)) do
  fail_late(id, retention)
end
for _, queue in ipairs({'stories', 'images'}) do
  local silent = redis.call('ZRANGEBYSCORE', running(queue), '-inf', stamp(now()), 'LIMIT', 0, 100)
  for _, id in ipairs(silent) do
    if redis.call('EXISTS', record(id)) == 0 then
      redis.call('ZREM', running(queue), id)
    elseif get(id, 'cancel_requested') == '1' then
      emit(id, 'cancelled', '{}')
      retire(id, 'cancelled', retention)
    elseif tonumber(get(id, 'attempts')) >= tonumber(attempts) then
      fail(id, 'lost', 'the worker fell silent in attempt ' .. get(id, 'attempts') .. ' of '
        .. attempts .. '; see the workers\' logs for this job', retention)
    else
      unassign(id)
      requeue(id, 'the worker ' .. get(id, 'worker') .. ' fell silent')
      table.insert(requeued, id)
    end
  end
end
return requeued
