"""Which ladders are worth a simulation: the best by the analytic model."""

from typing import NamedTuple

from controller.queueing.planning.ladder import Candidate, ladders
from controller.queueing.planning.request import Request
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import search
from controller.queueing.planning.thresholds import table

LONGEST = 4
"""Ladders that are simulated."""
STEADY = 0.995
"""Utilisation at the last level above which a ladder is not considered: its steady state would be
far off, and its queue long."""
WORTH = 1e-3
"""An additional level must gain this share of the quality between the best and the worst."""


class Promise(NamedTuple):
    """A ladder, and what the model promises at its best thresholds.

    `met`: whether the target is; `quality` the effective quality, or minus the mean response
    where the target is not met.
    """

    met: bool
    value: float
    ladder: tuple[Candidate, ...]
    screen: Screen


def shortlist(request: Request, kept: tuple[Candidate, ...], workers: int) -> list[Promise]:
    """The most promising ladders, the best first, and the most promising level for ever, for loads
    that the ticks and the dwell are too slow for; none where no level can serve the load."""
    choices = ladders(kept, request.levels)
    promises = [_promise(request, ladder, workers) for ladder in choices]
    span = kept[0].quality.value - kept[-1].quality.value
    found = [promise for promise in promises if promise is not None]
    found.sort(key=lambda promise: _order(promise, span), reverse=True)
    fixed = [promise for promise in found[LONGEST:] if len(promise.ladder) == 1]
    return found[:LONGEST] + fixed[:1]


def _order(promise: Promise, span: float) -> tuple[bool, float]:
    return promise.met, promise.value - WORTH * span * len(promise.ladder) * promise.met


def _promise(request: Request, ladder: tuple[Candidate, ...], workers: int) -> Promise | None:
    queue = request.loaded(ladder, workers)
    if request.capacity is None and request.rate >= STEADY * queue.stability_limits[-1]:
        return None
    screen = Screen(queue, request.slo, request.most_lost)
    judged = screen.judge(table(search(screen))[None])
    met = bool(judged.margin[0] >= 0)
    return Promise(met, float(judged.quality[0] if met else -judged.response[0]), ladder, screen)
