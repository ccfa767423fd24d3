"""How far a prediction may be off because its law is not known better. Pure.

The interval of a law is small beside that of what it predicts where a queue is near what the worker
keeps up with: there a hundredth more work may make the response a tenth longer.
"""

from collections import Counter
from dataclasses import dataclass

from evidence.validation import at_speed, simulated
from evidence.validation.basis import Basis
from evidence.validation.figures import plain
from evidence.validation.study import Run
from loadgen.metrics import Estimate


@dataclass(frozen=True)
class Leeway:
    """`doubt`: half the interval of what a picture takes alone, as a share of it, at the level that
    most pictures of the run had. `mean_response`: as simulated, and the range of that and of what
    it would be if all pictures took that share less, and more, seconds: under a policy that follows
    the queue slower pictures may have a shorter response, at a cheaper level."""

    doubt: float
    mean_response: Estimate

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {"doubt": self.doubt, "mean_response": plain(self.mean_response)}


def leeway(basis: Basis, run: Run, said: float, replications: int) -> Leeway | None:
    """Of a run whose mean response is predicted to be so many seconds; None where no picture tells
    its level, or more than all that a picture takes is in doubt."""
    level, study = _most_used(run), basis.study
    if level is None:
        return None
    seconds = study.profile.cost(level, "images").seconds
    doubt = (seconds.high - seconds.low) / 2 / seconds.value
    if doubt >= 1:
        return None
    ratios = 1 - doubt, 1 + doubt
    ends = [_mean(at_speed.slowed(basis, ratio), run, replications) for ratio in ratios]
    return Leeway(doubt, Estimate(said, min(said, *ends), max(said, *ends)))


def _most_used(run: Run) -> str | None:
    known = Counter(each.level for each in run.ordered if each.level is not None)
    return max(known, key=lambda level: known[level], default=None)


def _mean(basis: Basis, run: Run, replications: int) -> float:
    replay = simulated.replay(basis.study, run, replications)
    return replay.estimates(basis.study, basis.later).mean_response.value
