"""The optimum for a load, and the table by which it leads a whole ladder.

A ladder may hold levels that another dominates. The optimum has no use for them, but a stack may
begin at one: its row is that of the optimum's best level.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.outlook import costs
from controller.queueing.planning.ladder import Candidate, candidates, fastest, frontier
from controller.queueing.planning.policy_file import Draft
from controller.queueing.planning.refinement import calibrated_optimum
from controller.queueing.planning.request import Request
from controller.queueing.planning.target import written
from controller.queueing.planning.trial import Outcome
from controller.queueing.switching import Table, shortened
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.rules import PolicyRules

ALWAYS: Table = np.zeros((1, 1), np.int64)
"""The table of a ladder with one level."""

Rows = tuple[tuple[int, ...], ...]


class Best(NamedTuple):
    """The levels that are not dominated, best first, and the optimal table over them; `note` says
    what it does not do. `served`: whether there is a steady state.

    The process takes the last level for every queue beyond its cut. Where that level cannot serve
    the rate, those below the fastest are left out.
    """

    ladder: tuple[Candidate, ...]
    table: Table
    note: str = ""
    served: bool = True


def best(request: Request) -> Best:
    """The optimum of the semi-Markov decision process; the fastest level where none serves the
    rate, the last where no table meets the target and loses few enough at the capacity."""
    kept = frontier(candidates(request.profile, request.queue)).kept
    quick = fastest(kept)
    if request.capacity is None and request.rate >= _limit(request, quick):
        return Best((quick,), ALWAYS, "no level serves this rate", served=False)
    if request.capacity is None and request.rate >= _limit(request, kept[-1]):
        kept = kept[: kept.index(quick) + 1]
    queue = request.loaded(kept, request.workers[0])
    trial = request.trial(queue)
    found = calibrated_optimum(trial, request.slo.seconds)
    note = "" if trial.meets(trial.outcome(found)) else f"no table {_asked(request)}"
    return Best(kept, found, note)


def _limit(request: Request, level: Candidate) -> float:
    """Arrivals a second that a level, kept for ever, can just not serve."""
    return request.loaded((level,), request.workers[0]).stability_limits[0]


def _asked(request: Request) -> str:
    target = f"meets {written(request.slo)}"
    if request.capacity is None:
        return target
    return f"{target} and loses at most {request.most_lost:.2%} of the jobs"


def outcome(request: Request, found: Best) -> Outcome | None:
    """What it does in simulation, on arrivals that it was not chosen on; None without a steady
    state."""
    if not found.served:
        return None
    return request.trial(request.loaded(found.ladder, request.workers[0])).tried(found.table)


def of_policy(profile: Profile, policy: Policy, queue: Queue) -> Profile:
    """The profile cut to the levels of a policy, by their names. A level has the costs that were
    measured under its name, even where its settings are other ones by now. Raises ProfileError for
    a level that was not measured."""
    costs(policy, profile, queue)
    levels = {level.name: level for level in policy.levels}
    rungs = [
        rung.model_copy(update={"level": levels[rung.level.name]})
        for rung in profile.rungs
        if rung.level.name in levels
    ]
    return profile.model_copy(update={"rungs": tuple(rungs)})


def rows(found: Best, names: Sequence[str]) -> Rows:
    """Its table for a ladder of levels with these names, as rules of the kind table have it: a
    row's last entry is that of every greater depth."""
    own = [each.name for each in found.ladder]
    table = np.array([names.index(name) for name in own])[found.table]
    return tuple(_cut(table[own.index(name) if name in own else 0]) for name in names)


def _cut(row: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(shortened(row[None])[0].tolist())


def draft(request: Request, found: Best, levels: tuple[Level, ...]) -> Draft:
    """What it is to be written as, for a ladder of these levels.

    Without patience where one of them is dominated: from where the optimum goes, patience lowers by
    a rung of the ladder, and that may be the dominated one, slower than what was left for it.
    """
    names = [level.name for level in levels]
    return Draft(
        about="the level to go to at each depth: the optimum, as found by",
        request=request,
        workers=request.workers[0],
        levels=levels,
        rules=PolicyRules(
            kind="table",
            table=rows(found, names),
            dwell_seconds=request.conduct.dwell,
            capacity=request.capacity,
        ),
        outcome=outcome(request, found),
        note=found.note,
        patient=set(names) == {each.name for each in found.ladder},
    )
