"""Effective quality and tail of the response of runs, and what sets two apart. Pure.

A policy's effective quality is that of its levels, weighed by the shares of its answers. Both are
uncertain: the differences between levels, over captions (the same ones at every level, so that
differences are paired), and the shares, over the requests of a run, which depend on their
neighbours. Two runs of one schedule are paired by request.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from evidence.validation.capacity import aim_of
from evidence.validation.figures import Jobs
from evidence.validation.intervals import (
    RESAMPLES,
    Floats,
    Integers,
    block_length,
    ranged,
    resampled,
)
from evidence.validation.measured import jobs
from evidence.validation.study import Run, Study
from loadgen.campaign import in_time as share_in_time
from loadgen.metrics import Estimate

Cells = Mapping[tuple[str, float], Sequence[Run]]
"""Runs by policy and rate."""
Drawn = tuple[float, Floats]
"""A figure, and its resamples."""


class Worth:
    """Qualities of the levels, best first, and resamples of them: (resamples, levels)."""

    def __init__(self, value: Floats, drawn: Floats) -> None:
        self.value = value
        self.drawn = drawn


def level_qualities(study: Study) -> Worth:
    """Resampled over captions, all levels by the same ones. Where the study has no scores of single
    captions, the levels' intervals are taken to be of independent normal errors, which is too
    wide. Needs a profile with all qualities."""
    chance = np.random.default_rng(0)
    value = np.array(study.qualities)
    if study.captions:
        scores = np.array([study.captions[name] for name in study.names])
        drawn = chance.integers(scores.shape[1], size=(RESAMPLES, scores.shape[1]))
        # About the profile's means, which the predictions use.
        return Worth(value, value + scores[:, drawn].mean(axis=2).T - scores.mean(axis=1))
    costs = [study.profile.cost(name, "images").quality for name in study.names]
    spread = np.array([(each.high - each.low) / 3.92 for each in costs if each])
    return Worth(value, value + spread * chance.standard_normal((RESAMPLES, len(value))))


def by_policy_and_rate(study: Study) -> Cells:
    """The runs of each policy at each rate."""
    found: dict[tuple[str, float], list[Run]] = defaultdict(list)
    for run in study.runs:
        found[run.policy.notation, run.rate].append(run)
    return found


def qualities(played: Sequence[Jobs], worth: Worth) -> list[Drawn]:
    """The effective quality of each run, and its resamples over requests and captions."""
    rows = redrawn(played, [worth.value[each.levels] for each in played], seed=1)
    return [_quality(each.levels, drawn, worth) for each, drawn in zip(played, rows, strict=True)]


def _quality(at: Integers, rows: Integers, worth: Worth) -> Drawn:
    levels = len(worth.value)
    shares = np.stack([(at[rows] == level).mean(axis=1) for level in range(levels)], axis=1)
    mine = np.bincount(at, minlength=levels) / len(at)
    return float(mine @ worth.value), (shares * worth.drawn).sum(axis=1)


def tails(played: Sequence[Jobs]) -> list[Drawn]:
    """The 95th percentile of the responses of each run, and its resamples over requests."""
    responses = [each.responses for each in played]
    rows = redrawn(played, responses, seed=2)
    return [
        (float(np.percentile(each, 95)), np.percentile(each[drawn], 95, axis=1))
        for each, drawn in zip(responses, rows, strict=True)
    ]


def redrawn(played: Sequence[Jobs], values: Sequence[Floats], seed: int) -> list[Integers]:
    """Indices of the answered of each run, in blocks: (resamples, answered).

    Runs that answered the same requests are resampled by the same ones, so that what a schedule
    asks of both drops out of their difference, in blocks as long as any of them needs; others
    independently. `values` are those whose neighbours depend on each other, (answered,).
    """
    schedules = [each.due[each.answered].tobytes() for each in played]
    lengths: dict[bytes, int] = {}
    for schedule, each in zip(schedules, values, strict=True):
        lengths[schedule] = max(lengths.get(schedule, 1), block_length(each))
    counts = {schedule: len(each) for schedule, each in zip(schedules, values, strict=True)}
    rows = {
        schedule: resampled(counts[schedule], length, np.random.default_rng([seed, number]))
        for number, (schedule, length) in enumerate(lengths.items())
    }
    return [rows[schedule] for schedule in schedules]


def pooled(each: Sequence[Drawn]) -> Drawn:
    """The mean over repeats of a figure and of its resamples."""
    values, drawn = zip(*each, strict=True)
    return float(np.mean(values)), np.mean(drawn, axis=0)


def difference(
    study: Study, worth: Worth, mine: Sequence[Run], others: Sequence[Run]
) -> tuple[Estimate, Estimate]:
    """Effective quality, and the 95th percentile in seconds, of repeats less those of others."""
    played = [jobs(run, study.names) for run in (*mine, *others)]
    return less(qualities(played, worth), len(mine)), less(tails(played), len(mine))


def less(found: Sequence[Drawn], mine: int) -> Estimate:
    """The mean of so many figures less that of the others, resample by resample."""
    first, second = pooled(found[:mine]), pooled(found[mine:])
    return ranged(first[0] - second[0], first[1] - second[1])


def in_time(study: Study, runs: Sequence[Run]) -> bool:
    """Whether the target was met in the median repeat; so it is where there is none to meet."""
    if study.slo is None or study.slo.percentile == "mean":
        return True
    aim = aim_of(study.slo)
    return (
        float(np.median([share_in_time(run.ordered, aim.goal) for run in runs]))
        >= aim.percent / 100
    )
