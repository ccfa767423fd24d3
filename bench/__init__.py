"""`make bench`: how fast the engine is beside other ways to serve the same checkpoint."""
