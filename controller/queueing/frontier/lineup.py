"""The contenders of one profile."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.model import Thresholds
from controller.queueing.frontier.contenders import Contender, Way, contenders
from controller.queueing.outlook import forecast
from controller.queueing.outlook import table as policy_table
from controller.queueing.planning.ladder import Candidate, candidates, frontier
from controller.queueing.planning.request import Request
from controller.queueing.planning.thresholds import table
from controller.queueing.refusal import BadInput
from services.contract.policy import Policy


@dataclass(frozen=True)
class Choice:
    """What is compared with the plan and the optimum.

    `fixed`: the names of a best, a middle and a fast level; the ends and the middle of the
    queue-aware ladder where absent. The queue-aware contender is `policy`, or these three levels
    with `thresholds`.
    """

    fixed: tuple[str, ...] = ()
    thresholds: tuple[int, ...] = ()
    policy: Policy | None = None


def lineup(choice: Choice, request: Request) -> dict[str, Contender]:
    """Contenders by name. Raises BadInput for levels that the profile lacks."""
    known = candidates(request.profile, request.queue)
    names = choice.fixed or _three(_ladder(choice, known))
    fixed = _chosen(known, names)
    if choice.policy is not None:
        return contenders(fixed, _by_policy(choice.policy, known))
    climb = tuple(depth - 1 for depth in choice.thresholds)
    aware = Way(fixed, table(Thresholds(choice.thresholds, climb)))
    if len(aware.table) != len(fixed):
        raise BadInput(f"{len(fixed)} levels have {len(fixed) - 1} thresholds between them")
    return contenders(fixed, lambda _: aware)


def _ladder(choice: Choice, known: Sequence[Candidate]) -> tuple[str, ...]:
    if choice.policy is not None:
        return choice.policy.names
    return tuple(each.name for each in frontier(known).kept)


def _three(names: Sequence[str]) -> tuple[str, str, str]:
    return names[0], names[(len(names) - 1) // 2], names[-1]


def _chosen(known: Sequence[Candidate], names: Sequence[str]) -> tuple[Candidate, ...]:
    by_name = {each.name: each for each in known}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise BadInput(f"the profile lacks {', '.join(missing)}: it has {', '.join(by_name)}")
    return tuple(by_name[name] for name in names)


def _by_policy(policy: Policy, known: Sequence[Candidate]) -> Contender:
    """Rules that predict are asked anew at every rate."""
    ladder = _chosen(known, policy.names)

    def way(request: Request) -> Way:
        asked = {"rate": request.rate, "workers": request.workers[0]}
        outlook = forecast(policy, request.profile, request.queue, **asked)
        return Way(ladder, policy_table(policy.of(request.queue), outlook))

    return way
