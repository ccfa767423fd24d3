"""From a profile, a load and a target to the levels, thresholds and workers that serve it best."""
