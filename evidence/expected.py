"""How many minutes stages of sweeps are expected to take, should every run take place that has a
chance: overloaded ones take longer, but the runs that this makes hopeless are left out. Pure."""

from evidence.plan import Live, Sweep
from evidence.stages_offline import BEST

START_SECONDS = 20.0
"""Of a stack"""
SETTLE_SECONDS = 9.0
"""Before a run of a sweep"""
LOOP_SECONDS = 0.5
"""Around a closed loop"""
HOPELESS = 1.5
"""A load of the best level at which most of a minute's requests take more than a few seconds"""


def minutes(asked: Sweep, stacks: int, beside: float = 0.0) -> float:
    """Of a sweep on so many stacks, with `beside` seconds more for each run."""
    auto = asked.rates == "auto"
    runs = len(asked.policies) * len(asked.loads if auto else asked.rates)
    if auto:
        runs += len(asked.best_loads) - _left_out(asked)
    seconds = asked.seconds + SETTLE_SECONDS + beside
    return stacks * (START_SECONDS + runs * asked.repeats * seconds) / 60


def live_minutes(asked: Live) -> float:
    """Of the sweep of all policies, with the closed loops beside its runs."""
    found = asked.reference
    if found is None:
        return minutes(asked, 1)
    loops = len(found.levels) * len(found.together)
    return minutes(asked, 1, loops * (found.seconds + LOOP_SECONDS))


def _left_out(asked: Sweep) -> int:
    """Runs of the best level above the lowest rate that is far more than one worker keeps up with:
    there most requests take too long, and --stop-when goes no higher."""
    if f"fixed:{BEST}" not in asked.policies:
        return 0
    return max(0, sum(load >= HOPELESS * asked.workers for load in asked.loads) - 1)
