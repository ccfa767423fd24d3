"""Who is compared: each says how it would serve a rate within a target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.queueing.planning.ladder import Candidate, candidates, fastest
from controller.queueing.planning.plan import plan
from controller.queueing.planning.request import Request
from controller.queueing.planning.tabled import ALWAYS, best
from controller.queueing.refusal import BadInput, Refusal
from controller.queueing.switching import Table


@dataclass(frozen=True, eq=False)
class Way:
    """A ladder, best level first, and the table by which it is climbed; `note` says what the
    contender gave up, if it did."""

    ladder: tuple[Candidate, ...]
    table: Table
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the levels."""
        return tuple(each.name for each in self.ladder)


Contender = Callable[[Request], Way]
"""How a rate (and target, and number of workers: those of the request) would be served."""


def contenders(fixed: Sequence[Candidate], queue_aware: Contender) -> dict[str, Contender]:
    """By name: the best, a middle and a fast level for ever, thresholds, the plan, the optimum."""
    if len(fixed) != 3:
        raise BadInput(f"name three levels to compare with, best first, not {len(fixed)}")
    names = ("fixed best", "fixed middle", "fixed fast")
    return {
        **{name: _always(level) for name, level in zip(names, fixed, strict=True)},
        "queue-aware": queue_aware,
        "planned": planned,
        "optimal": optimal,
    }


def planned(request: Request) -> Way:
    """The planner's ladder and thresholds; the fastest level for ever where it refuses."""
    try:
        found = plan(request)
    except Refusal as refusal:
        return _fastest(request, str(refusal))
    return Way(found.ladder, found.table)


def optimal(request: Request) -> Way:
    """The optimum over all levels that are not dominated (planning.tabled)."""
    found = best(request)
    return Way(found.ladder, found.table, found.note)


def _always(level: Candidate) -> Contender:
    return lambda _: Way((level,), ALWAYS)


def _fastest(request: Request, note: str) -> Way:
    found = candidates(request.profile, request.queue)
    return Way((fastest(found),), ALWAYS, note)
