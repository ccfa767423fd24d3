"""`make bench`: how fast the engine and the simulator are beside what else does the same."""
