"""What a model says about a queue whose level switches."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.float64]
"""`states[n, i]`: probability that n jobs are outstanding and level i is in force."""


@dataclass(frozen=True)
class LevelMeasures:
    """The steady state, seconds and jobs; tuples are by level, best first.

    `mean_response` is that of the accepted jobs; `residency` the share of time a level is in
    force, `job_shares` the share of served jobs that had it; `switch_rate` counts changes of level
    a second; `effective_quality` is the average over the served jobs of the quality of their
    level; `stability_limit` the arrivals a second from which there is no steady state (infinite
    for a queue with a capacity).

    `states` is what one finds at a random moment, `found` what an arriving job finds outstanding
    and the level in force once it has arrived; both of shape (depths, levels).
    """

    mean_number: float
    mean_response: float
    residency: tuple[float, ...]
    job_shares: tuple[float, ...]
    switch_rate: float
    effective_quality: float
    loss_probability: float
    stability_limit: float
    states: States = field(repr=False, compare=False)
    found: States = field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The figures by name, without the distributions."""
        return {name: value for name, value in asdict(self).items() if name not in _INNER}


_INNER = ("states", "found")
