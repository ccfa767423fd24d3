"""What whoever writes a profile and whoever reads it make of repeated measurements.

Both leave out the same repeats, and find the same batch law in the same timings.
"""

import json
from collections.abc import Sequence
from statistics import fmean, linear_regression, median

from services.contract.profile import BatchLaw, ProfileError, Timing

OUTLIER = 3.5
"""Modified z-score above which a repeat is left out (Iglewicz and Hoaglin 1993)."""
NORMAL_MAD = 0.6745
"""Median absolute deviation of the standard normal distribution."""
FEWEST = 5
"""Repeats below which none is left out: of fewer, nobody can say which one strays."""

OUTLIER_RULE = (
    f"of {FEWEST} repeats or more, those whose distance from the median exceeds "
    f"{OUTLIER} × MAD / {NORMAL_MAD} are left out"
)


def kept(seconds: Sequence[float]) -> tuple[float, ...]:
    """The repeats of one setting without the outliers, in their order: see OUTLIER_RULE.

    Where more than half of them are the same to the digit, none is left out.
    """
    if len(seconds) < FEWEST:
        return tuple(seconds)
    middle = median(seconds)
    spread = median(abs(each - middle) for each in seconds)
    farthest = OUTLIER * spread / NORMAL_MAD if spread else max(seconds)
    return tuple(each for each in seconds if abs(each - middle) <= farthest)


def step_points(timings: Sequence[Timing]) -> tuple[tuple[int, float], ...]:
    """(jobs together, seconds a step) of each repeat that is kept."""
    return tuple(
        (timing.batch, seconds / timing.steps)
        for timing in timings
        for seconds in kept(timing.seconds)
    )


def alone_and_together(timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """Those of work that was measured at two numbers of jobs together, or more.

    The same work is one setting at as many steps; of stories, whose tokens follow from what they
    tell, one `story`.
    """
    batches: dict[str, set[int]] = {}
    for timing in timings:
        batches.setdefault(_work(timing), set()).add(timing.batch)
    return tuple(timing for timing in timings if len(batches[_work(timing)]) > 1)


def _work(timing: Timing) -> str:
    steps = None if "story" in timing.setting else timing.steps
    return json.dumps([timing.queue, timing.setting, steps], sort_keys=True)


def batch_law(timings: Sequence[Timing], cap: int) -> BatchLaw:
    """τ0 and τ1 of τ(b) = τ0 + τ1·b by ordinary least squares over whole jobs, neither negative.

    A step's seconds are those from the submission of b jobs to the last result, over the steps of
    one: what is done once a job (encoding, decoding) is in them. Where the unbounded τ0 is
    negative, the line goes through the origin; where τ1 is, steps take the mean whatever b.
    Raises ProfileError for fewer than two different b.
    """
    points = step_points(timings)
    jobs, seconds = [b for b, _ in points], [each for _, each in points]
    if len(set(jobs)) < 2:
        raise ProfileError(
            "a batch law needs jobs measured together in at least two different numbers, such as "
            f"1 and 4; there are {sorted(set(jobs)) or 'none'}"
        )
    tau1, tau0 = linear_regression(jobs, seconds)
    if tau0 < 0:
        tau0, tau1 = 0.0, linear_regression(jobs, seconds, proportional=True).slope
    elif tau1 < 0:
        tau0, tau1 = fmean(seconds), 0.0
    return BatchLaw(tau0=tau0, tau1=tau1, cap=cap)
