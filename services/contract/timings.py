"""What whoever writes a profile and whoever reads it make of repeated measurements.

Both leave out the same repeats, and find the same batch law and crowding in the same timings.
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


def reference(timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """Those of one queue that its batch law is of: what is marked as such and was measured at the
    most numbers of jobs together. A profile that marks none is from before there were marks, and
    the most numbers decide alone."""
    marked = [each for each in timings if each.reference]
    return alone_and_together(marked or timings)


def alone_and_together(timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """Those of the work that was measured at the most numbers of jobs together, two or more.

    The same work is one setting at as many steps; of stories, whose tokens follow from what they
    tell, one `story`. Levels that were measured at two numbers are thus left out where other work
    was measured at more.
    """
    batches: dict[str, set[int]] = {}
    for timing in timings:
        batches.setdefault(_work(timing), set()).add(timing.batch)
    most = max((len(each) for each in batches.values()), default=0)
    return tuple(each for each in timings if 1 < len(batches[_work(each)]) == most)


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


def crowding(timings: Sequence[Timing]) -> float | None:
    """β/(α + β) of S(b) = α + β·b, neither negative: the share of its time alone by which each
    other job lengthens a job of one level. None where no work was measured at two different numbers
    of jobs together.

    S(b) is the time from the submission of b jobs to the last result. What is submitted together
    takes its steps together, and is decoded when they are over, together too. Where decoding has a
    core of its own, a worker that is never empty decodes beside the steps of others instead, and
    completes more than b/S(b) a second. There the share errs towards slower, most at few steps, of
    which decoding is the greater part.

    Relative errors count, so that S(1), which α + β stands for, weighs as much as S(b). Seconds are
    over steps, so that stories of different lengths are on one line.
    """
    points = step_points(alone_and_together(timings))
    if not points:
        return None
    alpha, beta = _relative_line(points)
    if alpha < 0:
        return 1.0
    return max(0.0, beta) / (alpha + max(0.0, beta))


def _relative_line(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """α and β of s = α + β·b by least squares of relative errors, unbounded: weights 1/s².

    `points` are (b, s) with at least two different b and s above 0.
    """
    weights = [1 / seconds**2 for _, seconds in points]
    jobs = fmean((b for b, _ in points), weights)
    seconds = fmean((each for _, each in points), weights)
    joint = sum(w * (b - jobs) * (s - seconds) for w, (b, s) in zip(weights, points, strict=True))
    across = sum(w * (b - jobs) ** 2 for w, (b, _) in zip(weights, points, strict=True))
    return seconds - joint / across * jobs, joint / across
