"""Effective quality and tail of the response of runs, and what sets two apart. Pure.

A policy's effective quality is that of its levels, weighed by the shares of its answers. Both are
uncertain: the differences between levels, over captions (the same ones at every level, so that
differences are paired), and the shares, over the requests of a run, which depend on their
neighbours.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator

from evidence.validation.capacity import aim_of
from evidence.validation.figures import Jobs
from evidence.validation.intervals import RESAMPLES, Floats, block_length, ranged, resampled
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


def cells(study: Study) -> Cells:
    """The runs of each policy at each rate."""
    found: dict[tuple[str, float], list[Run]] = defaultdict(list)
    for run in study.runs:
        found[run.policy.notation, run.rate].append(run)
    return found


def pooled(each: Sequence[Drawn]) -> Drawn:
    """The mean over repeats of a figure and of its resamples."""
    values, drawn = zip(*each, strict=True)
    return float(np.mean(values)), np.mean(drawn, axis=0)


def _redrawn(found: Jobs, chance: Generator) -> np.ndarray:
    """Indices of the answered, in blocks: (resamples, answered)."""
    length = block_length(found.responses)
    return resampled(len(found.responses), length, chance)


def quality(found: Jobs, worth: Worth) -> Drawn:
    """The effective quality of a run, and its resamples over requests and captions."""
    chance, levels = np.random.default_rng(1), len(worth.value)
    drawn = found.levels[_redrawn(found, chance)]
    shares = np.stack([(drawn == level).mean(axis=1) for level in range(levels)], axis=1)
    mine = np.bincount(found.levels, minlength=levels) / len(found.levels)
    return float(mine @ worth.value), (shares * worth.drawn).sum(axis=1)


def _p95(found: Jobs) -> Drawn:
    """Of the responses of a run, and its resamples over requests."""
    drawn = found.responses[_redrawn(found, np.random.default_rng(2))]
    return float(np.percentile(found.responses, 95)), np.percentile(drawn, 95, axis=1)


def apart(
    study: Study, worth: Worth, mine: Sequence[Run], others: Sequence[Run]
) -> tuple[Estimate, Estimate]:
    """Effective quality, and the 95th percentile in seconds, of repeats less those of others."""
    played = [[jobs(run, study.names) for run in runs] for runs in (mine, others)]
    qualities = (pooled([quality(each, worth) for each in runs]) for runs in played)
    tails = (pooled([_p95(each) for each in runs]) for runs in played)
    return _difference(*qualities), _difference(*tails)


def _difference(mine: Drawn, other: Drawn) -> Estimate:
    """Resample by resample, so that both are of the same captions."""
    return ranged(mine[0] - other[0], mine[1] - other[1])


def in_time(study: Study, runs: Sequence[Run]) -> bool:
    """Whether the target was met in the median repeat; so it is where there is none to meet."""
    if study.slo is None or study.slo.percentile == "mean":
        return True
    aim = aim_of(study.slo)
    return (
        float(np.median([share_in_time(run.ordered, aim.goal) for run in runs]))
        >= aim.percent / 100
    )
