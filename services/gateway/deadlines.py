"""Deadlines that cannot be met are refused at the door, with when to come back."""

from services.gateway import estimates, outlook
from services.gateway.context import Gateway
from services.gateway.estimates import Request
from services.gateway.outlook import Outlook
from services.gateway.problems import Problem, invalid, later

BEST_CASE_PERCENTILE = 10
"""A job is refused when fewer than so many of a hundred like it would end in time.

A deadline is the client's own bet, so the door closes only where it is nearly lost: the response is
judged at its 10th percentile, not its mean, and at the fastest level that the policy can go to, not
the one in force, because the queue that makes the deadline hard is what lowers the level. What is
let in and comes too late after all fails with `deadline`, and costs little while it waits.
"""


def refuse_hopeless(here: Gateway, expected: Outlook, request: Request) -> None:
    """Raise Problem where even the best case ends after the request's deadline."""
    if request.deadline_seconds is None:
        return
    fastest = outlook.fastest(here.redis, here.policy, expected)
    found = estimates.newcomer(fastest, request)
    if found is None:
        return
    best = found.percentile(BEST_CASE_PERCENTILE)
    if best > request.deadline_seconds:
        raise _never(request, fastest) or _too_late(request, best, fastest)


def _never(request: Request, fastest: Outlook) -> Problem | None:
    """Where no retry helps: with nothing ahead the job would take longer."""
    alone = estimates.alone(fastest, request)
    least = alone.percentile(BEST_CASE_PERCENTILE) if alone else 0.0
    if least <= (request.deadline_seconds or 0.0):
        return None
    told = f"the job takes {least:.2g} s at best, with nothing ahead of it; allow more"
    return invalid("deadline_seconds", told)


def _too_late(request: Request, best: float, fastest: Outlook) -> Problem:
    deadline = request.deadline_seconds or 0.0
    detail = f"the job would take {best:.1f} s at best, and may take {deadline:g} s; allow more"
    seconds = estimates.until_meetable(fastest, request, best - deadline)
    return later("deadline-unreachable", detail, seconds)
