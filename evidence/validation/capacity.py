"""Which rate each policy sustains, and that of queue-aware ones over that of the best level.

A rate is sustained where the target is met in the median repeat, there and at every lower rate.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from evidence.validation.study import Run, Study
from loadgen.campaign import Aim, knee
from loadgen.metrics import Goal
from loadgen.policies import Policy
from loadgen.record import Record
from services.contract.rules import Slo

ASKED = 2.5
Cells = Mapping[tuple[Policy, float], list[list[Record]]]


@dataclass(frozen=True)
class Capacity:
    """`knees` in requests a second; None: not even the lowest rate. `ratios` over that of
    `best_level`, of the policies that follow the queue and are not told the rate, `ratio` the
    largest. `at_least` names the policies that sustained the highest rate they were tried at: they
    may sustain more.

    A knee is rounded down to a rate that was tried, and so is the one that it is divided by.
    `brackets` hold each knee and the lowest rate that failed; None: none did. `ratio_at_least` is
    the largest knee of the same policies over the lowest rate at which `best_level` failed: the
    true ratio is no less. `held` goes by it, and is None without it.
    """

    knees: Mapping[str, float | None]
    best_level: str
    ratios: Mapping[str, float]
    ratio: float | None
    at_least: tuple[str, ...]
    brackets: Mapping[str, tuple[float | None, float | None]]
    ratio_at_least: float | None
    asked: float
    held: bool | None

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return asdict(self)


def capacity(study: Study) -> Capacity | None:
    """None where there is no percentile to keep."""
    if study.slo is None or study.slo.percentile == "mean":
        return None
    found = _by_cell(study.runs)
    aim = aim_of(study.slo)
    policies = list(dict.fromkeys(policy for policy, _ in found))
    knees = {policy.notation: knee(found, policy, aim) for policy in policies}
    failing = {policy.notation: _first_failing(found, policy, aim) for policy in policies}
    best = f"fixed:{study.names[0]}"
    least, aware = knees.get(best), [p.notation for p in policies if adapts(p)]
    over = {name: knees[name] for name in aware}
    ratios = {name: at / least for name, at in over.items() if at is not None and least}
    at_least = _at_least(over, failing.get(best))
    return Capacity(
        knees=knees,
        best_level=best,
        ratios=ratios,
        ratio=max(ratios.values(), default=None),
        at_least=_unreached(found, knees),
        brackets={name: (knees[name], failing[name]) for name in knees},
        ratio_at_least=at_least,
        asked=ASKED,
        held=None if at_least is None else at_least >= ASKED,
    )


def moves(policy: Policy) -> bool:
    """Whether the level follows the queue."""
    return policy.rules is None or policy.rules.kind != "fixed"


def adapts(policy: Policy) -> bool:
    """Whether it does so by what it sees alone. Tables for each rate are told the true one: they
    bound what can be reached, and do not show that it is."""
    return moves(policy) and policy.folder is None


def aim_of(slo: Slo) -> Aim:
    """That so many of 100 requests are answered in time."""
    return Aim(Goal(slo.seconds), float(slo.percentile))


def _at_least(knees: Mapping[str, float | None], failed: float | None) -> float | None:
    """Of the largest knee over a rate that failed; a policy without a knee sustains nothing."""
    if failed is None or not knees:
        return None
    return max(knee or 0.0 for knee in knees.values()) / failed


def _first_failing(found: Cells, policy: Policy, aim: Aim) -> float | None:
    rates = sorted(rate for which, rate in found if which == policy)
    return next((rate for rate in rates if not aim.held(found[policy, rate])), None)


def _by_cell(runs: Sequence[Run]) -> Cells:
    found: dict[tuple[Policy, float], list[list[Record]]] = defaultdict(list)
    for run in runs:
        found[_asked(run.policy), run.rate].append(run.ordered)
    return found


def _asked(policy: Policy) -> Policy:
    """The same at every rate, though a table is another one at each."""
    return policy if policy.folder is None else replace(policy, rules=None)


def _unreached(
    found: Mapping[tuple[Policy, float], object], knees: Mapping[str, float | None]
) -> tuple[str, ...]:
    """Those whose knee is their highest rate."""
    most: dict[str, float] = {}
    for policy, rate in found:
        most[policy.notation] = max(rate, most.get(policy.notation, 0.0))
    return tuple(name for name, at in knees.items() if at is not None and at == most[name])
