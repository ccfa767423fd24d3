"""What the live controller had seen of the arrivals when a run began. Pure.

It watches its stack from before the first run until after the last: it sees the runs before, the
closed loops of the reference, and the silence in which the stack comes to rest. All of that is
known before a run begins, so that a prediction may start with it.

A stack is taken to have run through a silence of less than ten memories of the estimator. One that
was started anew within it knows less than is said here. After a longer silence, and before the
first request of the folder, nothing is taken to be known: the estimator would have forgotten what
came before, and such a pause is rather that of a study that was stopped and went on. The live
controller then has seen no more than a few seconds of nothing, of which no record says how many.
"""

import math

import numpy as np

from controller.estimate import ArrivalRate
from controller.queueing.simulation.planner import LOOK_SECONDS, NOTHING_SEEN
from evidence.validation.intervals import Floats

MEMORIES = 10
"""After which an estimator has forgotten what was before"""


def watched(accepted: Floats, began: float) -> ArrivalRate:
    """The estimate as a run begins, with its counter at 0 at time 0, by a look a second.

    `accepted` are the times of all requests that the stack accepted, in order, shape (n,), and when
    the run `began`, all in unix seconds. What came later does not count. The first that is known
    only begins the watch: how long none came before it is not known.
    """
    seen = _since_a_silence(accepted[: np.searchsorted(accepted, began, side="right")], began)
    if not len(seen):
        return NOTHING_SEEN
    looks = began - LOOK_SECONDS * np.arange(math.floor((began - seen[0]) / LOOK_SECONDS), -1, -1)
    watching = NOTHING_SEEN
    for now, counted in zip(looks, np.searchsorted(seen, looks, side="right"), strict=True):
        watching = watching.seen(int(counted), float(now))
    return watching._replace(counted=0, at=0.0)


def _since_a_silence(accepted: Floats, now: float) -> Floats:
    """Those after the last silence of ten memories; none where it lasts until now."""
    silent = np.diff(accepted, append=now) > MEMORIES * NOTHING_SEEN.memory
    return accepted[silent.nonzero()[0].max(initial=-1) + 1 :]


def at_ratio(watching: ArrivalRate, ratio: float) -> ArrivalRate:
    """As if so many times as many had come in each second."""
    held = watching.bin._replace(count=ratio * watching.bin.count)
    return watching._replace(arrivals=ratio * watching.arrivals, bin=held)
