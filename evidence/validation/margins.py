"""By how much queue-aware policies give better pictures than the fastest level, at the same rate.

A policy's effective quality is that of its levels, weighed by the shares of its answers. Both are
uncertain: the differences between levels, over captions (the same ones at every level, so that
differences are paired), and the shares, over the requests of a run, which depend on their
neighbours.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evidence.validation.capacity import aim_of, moves
from evidence.validation.figures import Jobs, plain
from evidence.validation.intervals import (
    RESAMPLES,
    Floats,
    block_length,
    ranged,
    resampled,
)
from evidence.validation.measured import jobs
from evidence.validation.study import Run, Study
from loadgen.campaign import in_time
from loadgen.metrics import Estimate

Cells = Mapping[tuple[str, float], Sequence[Run]]


@dataclass(frozen=True)
class Margin:
    """Of a policy at a rate; `held`: its interval is above 0."""

    policy: str
    rate: float
    over: str
    margin: Estimate

    @property
    def held(self) -> bool:
        """Whether it is better beyond chance."""
        return self.margin.low > 0

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {
            "policy": self.policy,
            "rate": self.rate,
            "over": self.over,
            "margin": plain(self.margin),
            "held": self.held,
        }


@dataclass(frozen=True)
class Contest:
    """Planned rules less hand-set thresholds at a rate: effective quality, and seconds of the 95th
    percentile. `held`: planned is in time wherever the other is, and its quality no worse beyond
    chance."""

    rate: float
    planned: str
    hand_set: str
    quality: Estimate
    p95_response: Estimate
    held: bool

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}


def margins(study: Study) -> list[Margin]:
    """Of every policy that follows the queue, at every rate; none without qualities."""
    if study.qualities is None:
        return []
    worth, over = level_qualities(study), f"fixed:{study.names[-1]}"
    found = []
    for (policy, rate), runs in _cells(study).items():
        if moves(runs[0].policy):
            value, drawn = _pooled([_quality(jobs(run, study.names), worth) for run in runs])
            above = ranged(value - worth.value[-1], drawn - worth.drawn[:, -1])
            found.append(Margin(policy, rate, over, above))
    return found


def contests(study: Study) -> list[Contest]:
    """Every planned policy against every threshold policy at the rates that both were run at."""
    if study.qualities is None:
        return []
    worth, cells = level_qualities(study), _cells(study)
    planned = [key for key in cells if key[0].startswith("planned:")]
    others = [key for key in cells if key[0].startswith("threshold:")]
    pairs = [(mine, other) for mine in planned for other in others if mine[1] == other[1]]
    return [_contest(study, cells, worth, pair) for pair in pairs]


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


def _cells(study: Study) -> Cells:
    found: dict[tuple[str, float], list[Run]] = defaultdict(list)
    for run in study.runs:
        found[run.policy.notation, run.rate].append(run)
    return found


def _pooled(each: Sequence[tuple[float, Floats]]) -> tuple[float, Floats]:
    """The mean over repeats of a figure and of its resamples."""
    values, drawn = zip(*each, strict=True)
    return float(np.mean(values)), np.mean(drawn, axis=0)


def _redrawn(found: Jobs, chance: Generator) -> np.ndarray:
    """Indices of the answered, in blocks: (resamples, answered)."""
    length = block_length(found.responses)
    return resampled(len(found.responses), length, chance)


def _quality(found: Jobs, worth: Worth) -> tuple[float, Floats]:
    """The effective quality of a run, and its resamples over requests and captions."""
    chance, levels = np.random.default_rng(1), len(worth.value)
    drawn = found.levels[_redrawn(found, chance)]
    shares = np.stack([(drawn == level).mean(axis=1) for level in range(levels)], axis=1)
    mine = np.bincount(found.levels, minlength=levels) / len(found.levels)
    return float(mine @ worth.value), (shares * worth.drawn).sum(axis=1)


def _p95(found: Jobs) -> tuple[float, Floats]:
    drawn = found.responses[_redrawn(found, np.random.default_rng(2))]
    return float(np.percentile(found.responses, 95)), np.percentile(drawn, 95, axis=1)


def _contest(
    study: Study, cells: Cells, worth: Worth, pair: tuple[tuple[str, float], tuple[str, float]]
) -> Contest:
    played = [[jobs(run, study.names) for run in cells[key]] for key in pair]
    quality = _difference(*(_pooled([_quality(each, worth) for each in runs]) for runs in played))
    slower = _difference(*(_pooled([_p95(each) for each in runs]) for runs in played))
    mine, other = (_in_time(study, cells[key]) for key in pair)
    held = quality.high >= 0 and (mine or not other)
    (planned, rate), (hand_set, _) = pair
    return Contest(rate, planned, hand_set, quality, slower, held)


def _difference(mine: tuple[float, Floats], other: tuple[float, Floats]) -> Estimate:
    return ranged(mine[0] - other[0], mine[1] - other[1])


def _in_time(study: Study, runs: Sequence[Run]) -> bool:
    """Whether the target was met in the median repeat; so it is where there is none to meet."""
    if study.slo is None or study.slo.percentile == "mean":
        return True
    aim = aim_of(study.slo)
    return float(np.median([in_time(run.ordered, aim.goal) for run in runs])) >= aim.percent / 100
