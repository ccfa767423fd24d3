"""Open-loop load on a real stack, records of what became of it, and reports from records alone."""
