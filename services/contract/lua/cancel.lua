-- Ends a waiting job at once, asks a running one to stop, and does the same to its children.
-- Answers 'cancelled', 'cancelling', 'finished' or 'unknown'.
local id, retention = unpack(ARGV)
return cancel(id, retention)
