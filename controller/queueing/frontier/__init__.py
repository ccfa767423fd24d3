"""Ways to pick a level, side by side: latency and effective quality against the arrival rate.

- contenders: fixed best, middle and fast, hand-set thresholds, planned, optimal
- lineup: the contenders of one profile
- sweep: every contender at every rate, past its stability limit too
- watching: one run of each on the same arrivals, for the queue over time
- style, curves, residency, timeline: the plots
"""
