"""The study that this project grew from, "Step smarter, not harder", run again.

- study: its published facts (`study.toml`), its fitted service times and its quality grid
- ladders: what its policies choose from, and its three-level policy as the live `decide` runs it
- arrivals: Poisson arrivals, given how many came
- replications: runs of one cell, and what they say
- reproduction: its published latencies beside ours, conditioned on its arrival counts and not
- ablations: its sweep of thresholds, step budgets and samplers
- dominance: rungs that cost more and give less
"""
