"""How much closed loops count for a run, by how near to it in time they were played. Pure.

A machine that others have a share in changes its speed within minutes. What is measured near a run
says more of it than what is measured far from it: locally weighted regression (Cleveland 1979).
"""

from collections.abc import Sequence

import numpy as np

from evidence.validation.intervals import Floats

NEAREST = 24
"""Loops that have a weight: where four are played between two runs, three sets on either side."""
BEYOND = 1.1
"""The distance at which nothing counts, over that of the farthest loop that does a little."""


def weights(at: Sequence[float | None], moment: float) -> Floats:
    """Of loops at these times for what happens at a moment, seconds, shape (loops,).

    Tricube by distance, of the NEAREST, or of all where there are fewer; 0 for the others, and for
    a loop whose time is not known.
    """
    apart = np.abs(np.array([np.nan if each is None else each for each in at]) - moment)
    nearest = [each for each in np.argsort(apart, kind="stable") if np.isfinite(apart[each])]
    chosen, found = nearest[:NEAREST], np.zeros(len(apart))
    found[chosen] = tricube(apart[chosen])
    return found


def tricube(apart: Floats) -> Floats:
    """(1 - (d/h)³)³, h a little beyond the farthest; 1 where all are at no distance."""
    reach = BEYOND * float(apart.max(initial=0.0))
    return np.ones(len(apart)) if reach == 0 else (1 - (apart / reach) ** 3) ** 3
