"""What a model says about a queue in its steady state."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

from scipy.optimize import brentq

from controller.queueing.refusal import BadInput


@dataclass(frozen=True)
class Distribution:
    """Of a time in seconds: its mean, and the probability that it is longer than t >= 0."""

    mean: float
    survival: Callable[[float], float]

    def percentile(self, percent: float) -> float:
        """The time that `percent` of 100 do not exceed; 0 where so many have no time at all.

        Raises BadInput unless 0 < percent < 100.
        """
        if not 0 < percent < 100:
            raise BadInput(f"the percentile is {percent:g}: it must be between 0 and 100")
        beyond = 1 - percent / 100
        if self.survival(0.0) <= beyond:
            return 0.0
        bound = max(self.mean, 1e-300)
        while self.survival(bound) > beyond:
            bound *= 2
        return float(brentq(lambda t: self.survival(t) - beyond, 0.0, bound, rtol=1e-12))


@dataclass(frozen=True)
class Measures:
    """Seconds and jobs, in the steady state, over the jobs that are accepted.

    `utilisation` is the share of time a server is busy, of a batching engine the arrival rate as a
    share of what it can do; `probability_of_waiting` that of an accepted job to find no place
    free; `mean_number` counts waiting and served; `loss_probability` is that of an arriving job to
    be refused. None: the model does not say.
    """

    model: str
    utilisation: float
    probability_of_waiting: float | None
    mean_wait: float
    mean_response: float
    mean_number: float
    p95_response: float | None = None
    loss_probability: float | None = None
    wait: Distribution | None = field(default=None, repr=False, compare=False)
    response: Distribution | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, str | float | None]:
        """The figures by name, without the distributions."""
        names = (each.name for each in fields(self) if each.name not in ("wait", "response"))
        return {name: getattr(self, name) for name in names}
