"""How much of a run's beginning to leave out. Pure."""

from collections.abc import Callable, Sequence

import numpy as np

from controller.queueing.simulation.state import Floats

BATCH = 5
Cut = Callable[[Floats], int]
"""How many jobs are warm-up, by their response times in the order of arrival."""


def no_warm_up(_responses: Floats) -> int:
    """Count every job: for finite horizons, where the beginning is part of the question."""
    return 0


def pooled(runs: Sequence[Floats]) -> Floats:
    """The mean response of the n-th job over runs, as long as the shortest; NaN where none has one.

    A warm-up found in one run alone favours cuts after which that run happens to be calm.
    """
    shortest = min(len(run) for run in runs)
    total, known = np.zeros(shortest), np.zeros(shortest)
    for run in runs:
        total += np.nan_to_num(run[:shortest])
        known += ~np.isnan(run[:shortest])
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def mser5(values: Floats) -> int:
    """How many values to cut: MSER-5 (White 1997; White, Cobb and Spratt 2000).

    Of all cuts in the first half, in batches of 5, that whose rest gives the mean with the least
    standard error, as if batches were independent. Weak where the run is short beside the time the
    queue takes to forget (ρ near 1): then a rest that happens to be calm looks settled. NaN values
    are jobs that were not done; they are left out of the batches and cut with their neighbours.
    """
    batches = _batch_means(values)
    count = len(batches)
    if count < 4:
        return 0
    left = np.arange(count, 0, -1)
    total, squares = _sums_from(batches), _sums_from(batches**2)
    error = (squares - total**2 / left) / left**2
    return BATCH * int(np.argmin(error[: count // 2]))


def _batch_means(values: Floats) -> Floats:
    """Means of 5 each, about the mean of all, so that their squares do not cancel; a batch
    without a value takes the mean of all."""
    rows = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH)
    known = ~np.isnan(rows)
    if not known.any():
        return np.zeros(len(rows))
    centred = np.where(known, rows - rows[known].mean(), 0.0)
    return centred.sum(axis=1) / np.maximum(1, known.sum(axis=1))


def _sums_from(values: Floats) -> Floats:
    """The sum from each entry to the end."""
    return np.cumsum(values[::-1])[::-1]
