"""Whether a job accepted now would be served."""

from typing import Any

from services.contract import level as levels
from services.contract import queues
from services.contract.jobs import QUEUES
from services.contract.policy import PolicyState
from services.contract.queues import Load
from services.gateway.failures import OUTAGES
from services.gateway.problems import FieldError


def missing(redis: Any) -> tuple[FieldError, ...]:
    """What is not there yet; empty when ready."""
    try:
        return judge(queues.load(redis), [levels.read(redis, queue) for queue in QUEUES])
    except OUTAGES as error:
        return (FieldError(field="redis", message=f"Redis does not answer: {error}"),)


def judge(load: Load, states: list[PolicyState | None]) -> tuple[FieldError, ...]:
    """What is missing in what Redis tells."""
    gaps = [
        FieldError(field=f"workers.{name}", message=f"no worker serves {name}; start one")
        for name, queue in load.queues.items()
        if queue.workers == 0
    ]
    if any(state is None or state.lease_until <= load.now for state in states):
        message = "no controller holds the policy; start one"
        gaps.append(FieldError(field="controller", message=message))
    return tuple(gaps)
